{{ config(materialized='incremental', partition_by='event_date') }}

with

events as (select * from {{ ref('int_events') }} where {{ on_changed_dates() }}),

variants as (
    select * from {{ ref('int_product_variants') }}
    where {{ on_changed_dates() }} and product_id != {{ var('null_defaults')['product_id'] }}
),
product_days as (select * from {{ ref('int_product_days') }} where {{ on_changed_dates() }}),

-- Most products look the same all day: only the events of the others are sorted.
compare_days as (
    select
        event_date,
        product_id,
        min(first_event_at) as first_event_at,
        count(*) = 1 as is_steady,
        sum(total_events) as total_events,
        max(load_id) as load_id
    from variants
    group by event_date, product_id
),

-- Of several events at one instant the latest of the contract counts.
settle_instants as (
    select
        events.event_date,
        events.product_id,
        events.event_time,
        {{ latest_event() }} as last_event,
        count(*) as instant_events,
        max(events.load_id) as load_id
    from events
    inner join compare_days
        on events.event_date = compare_days.event_date
        and events.product_id = compare_days.product_id
        and not compare_days.is_steady
    group by events.event_date, events.product_id, events.event_time
)

select
    compare_days.event_date,
    compare_days.product_id,
    compare_days.first_event_at as seen_at,
    product_days.brand,
    product_days.category_code,
    product_days.category_id,
    product_days.last_price as price,
    compare_days.total_events,
    compare_days.load_id
from compare_days
inner join product_days
    on compare_days.event_date = product_days.event_date
    and compare_days.product_id = product_days.product_id
where compare_days.is_steady
union all
select
    event_date,
    product_id,
    event_time,
    last_event.brand,
    last_event.category_code,
    last_event.category_id,
    last_event.price,
    instant_events,
    load_id
from settle_instants
