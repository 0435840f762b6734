{{ config(materialized='table') }}

{% set chosen = 'total_carts + total_purchases > 0' %}
{% set hint = broadcast_if_small('sessions', ref('dim_sessions'), chosen) %}

with

events as (select * from {{ ref('fct_events') }} where event_type in ('view', 'cart', 'purchase')),
sessions as (select * from {{ ref('dim_sessions') }} where {{ chosen }}),

-- One session in about twenty.
choose_events as (
    select {{ hint }}
        events.*,
        -- Null in most rows, which Sail has to know of each field of a struct.
        case when event_type = 'cart' then event_time end as cart_at,
        case when event_type = 'cart' then price end as cart_price,
        sessions.session_date
    from events
    inner join sessions on events.session_key = sessions.session_key
),

pair_products as (
    select
        session_key,
        product_id,
        max(user_id) as user_id,
        max(session_date) as session_date,
        min(case when event_type = 'view' then event_time end) as first_view_at,
        {{ event_counts() }},
        {{ revenue() }} as total_revenue,
        count_if(event_type = 'purchase' and price = 0) as free_purchases,
        collect_list(case when event_type = 'cart' then struct(cart_at, cart_price) end) as carts,
        collect_list(case when event_type = 'purchase' then event_time end) as purchase_times
    from choose_events
    group by session_key, product_id
    having count_if(event_type != 'view') > 0
),

find_ordered_carts as (
    select
        *,
        array_min(filter(carts.cart_at, at -> at >= first_view_at)) as ordered_cart_at
    from pair_products
),

find_ordered_purchases as (
    select
        *,
        array_min(filter(purchase_times, bought_at -> bought_at >= ordered_cart_at)) as ordered_purchase_at
    from find_ordered_carts
)

select
    session_key,
    product_id,
    user_id,
    session_date,
    first_view_at,
    array_min(carts.cart_at) as first_cart_at,
    array_max(carts.cart_at) as last_cart_at,
    array_min(purchase_times) as first_purchase_at,
    array_max(purchase_times) as last_purchase_at,
    array_sort(purchase_times) as purchase_times,
    total_views,
    total_carts,
    total_purchases,
    free_purchases,
    array_max(carts).cart_price as cart_price,
    total_revenue,
    ordered_cart_at,
    ordered_purchase_at,
    ordered_purchase_at is not null as is_ordered
from find_ordered_purchases
