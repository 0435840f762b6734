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
        sessions.session_date
    from events
    inner join sessions on events.session_key = sessions.session_key
),

pair_products as (
    select
        session_key,
        product_id,
        max(session_date) as session_date,
        min(case when event_type = 'view' then event_time end) as first_view_at,
        count_if(event_type = 'purchase') as total_purchases,
        count_if(event_type = 'purchase' and price = 0) as free_purchases,
        collect_list(case when event_type = 'cart' then event_time end) as cart_times,
        collect_list(case when event_type = 'purchase' then event_time end) as purchase_times
    from choose_events
    group by session_key, product_id
    having count_if(event_type != 'view') > 0
),

find_ordered_carts as (
    select
        *,
        array_min(filter(cart_times, at -> at >= first_view_at)) as ordered_cart_at
    from pair_products
)

select
    session_key,
    product_id,
    session_date,
    first_view_at,
    array_min(cart_times) as first_cart_at,
    array_min(purchase_times) as first_purchase_at,
    total_purchases,
    free_purchases,
    ordered_cart_at,
    array_min(filter(purchase_times, bought_at -> bought_at >= ordered_cart_at)) as ordered_purchase_at
from find_ordered_carts
