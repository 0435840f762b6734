{{ config(materialized='incremental', partition_by='event_date', tblproperties={'delta.dataSkippingStatsColumns': 'load_id'}) }}

with

-- Sorted, so that a maximum of texts needs no sort of its own; all of a date in one task, which writes its one file.
variants as (
    select * from {{ ref('int_product_variants') }} where {{ on_changed_dates() }}
    {{ distribute_by('event_date', sorted_by='event_date, product_id') }}
),
events as (select * from {{ ref('int_events') }} where {{ on_changed_dates() }}),

-- Two variants of a product that end at one instant are rare. They come first: Sail holds the left side of a join.
find_ties as (
    select
        event_date,
        product_id,
        last_event_at
    from variants
    group by event_date, product_id, last_event_at
    having count(*) > 1
),

-- Then the session decides, which variants don't have: each value is that of the latest event that has one.
settle_ties as (
    select /*+ broadcast(find_ties) */
        events.event_date,
        events.product_id,
        events.event_time,
        {{ latest_event(delivered('brand') ~ ' is not null') }} as of_brand,
        {{ latest_event(delivered('category_code') ~ ' is not null') }} as of_category_code,
        {{ latest_event(delivered('category_id') ~ ' is not null') }} as of_category_id,
        {{ latest_event('price > 0') }} as of_price
    from find_ties
    inner join events
        on find_ties.event_date = events.event_date
        and find_ties.product_id = events.product_id
        and find_ties.last_event_at = events.event_time
    group by events.event_date, events.product_id, events.event_time
),

-- Sent to the tasks, or the join would take the dates apart again.
choose_values as (
    select /*+ broadcast(settle_ties) */
        variants.*,
        if(event_time is null, {{ delivered('brand') }}, of_brand.brand) as last_brand,
        if(event_time is null, {{ delivered('category_code') }}, of_category_code.category_code) as last_category_code,
        if(event_time is null, {{ delivered('category_id') }}, of_category_id.category_id) as last_category_id,
        if(event_time is null, if(price > 0, price, null), of_price.price) as last_price
    from variants
    left join settle_ties
        on variants.event_date = settle_ties.event_date
        and variants.product_id = settle_ties.product_id
        and variants.last_event_at = settle_ties.event_time
)

select
    event_date,
    product_id,
    max_by(last_brand, last_event_at) filter (where last_brand is not null) as brand,
    max(last_event_at) filter (where last_brand is not null) as brand_at,
    max_by(last_category_code, last_event_at) filter (where last_category_code is not null) as category_code,
    max(last_event_at) filter (where last_category_code is not null) as category_code_at,
    max_by(last_category_id, last_event_at) filter (where last_category_id is not null) as category_id,
    max(last_event_at) filter (where last_category_id is not null) as category_id_at,
    max_by(last_price, last_event_at) filter (where last_price is not null) as last_price,
    max(last_event_at) filter (where last_price is not null) as last_price_at,
    {{ money_sum('price * total_events') }} as total_price,
    sum(if(price > 0, total_events, 0)) as priced_events,
    sum(if(is_price_missing, total_events, 0)) as missing_price_events,
    {{ summed_counts() }},
    sum(total_units) as total_units,
    {{ money_sum('price * total_units') }} as total_revenue,
    max(load_id) as load_id
from choose_values
group by event_date, product_id
