{{ config(materialized='incremental', partition_by='event_date') }}

{% set chosen = 'total_carts + total_purchases > 0' %}
{% set hint = broadcast_if_small('carting_sessions', ref('int_session_days'), chosen) %}

with

session_days as (select * from {{ ref('int_session_days') }} where {{ on_changed_dates() }}),
carting_sessions as (select * from {{ ref('int_session_days') }} where {{ on_changed_dates() }} and {{ chosen }}),
events as (
    select * from {{ ref('fct_events') }}
    where {{ on_changed_dates() }} and event_type in ('view', 'cart', 'purchase')
),

count_events as (
    select
        event_date,
        sum(total_views) as viewed,
        sum(total_purchases) as converted,
        sum(total_unknown) as `unknown`,
        max(load_id) as load_id
    from session_days
    group by event_date
),

-- One session in about twenty.
count_products as (
    select {{ hint }}
        events.event_date,
        events.session_key,
        events.product_id,
        count_if(event_type = 'view') as views,
        count_if(event_type = 'cart') as carts,
        count_if(event_type = 'purchase') as purchases
    from events
    left semi join carting_sessions
        on events.event_date = carting_sessions.event_date and events.session_key = carting_sessions.session_key
    group by events.event_date, events.session_key, events.product_id
),

-- Each event of a step goes with one of the step before, so that steps are parts of one another.
pair_events as (
    select
        event_date,
        sum(least(views, carts)) as carted,
        sum(least(views, carts, purchases)) as purchased,
        sum(greatest(purchases - carts, 0)) as purchases_without_cart
    from count_products
    group by event_date
)

select
    event_date,
    'events' as definition,
    viewed,
    coalesce(carted, 0) as carted,
    coalesce(purchased, 0) as purchased,
    `unknown`,
    converted,
    viewed as overall_base,
    coalesce(purchases_without_cart, 0) as purchases_without_cart,
    load_id
from count_events
left join pair_events using (event_date)
