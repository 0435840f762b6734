{{ config(materialized='incremental', partition_by='event_date') }}

with

events as (select * from {{ ref('int_events') }} where {{ on_changed_dates() }}),
variants as (
    select * from {{ ref('int_product_variants') }}
    where {{ on_changed_dates() }} and product_id != {{ var('null_defaults')['product_id'] }}
),

-- Most products look the same all day: only the events of the others are looked at.
compare_days as (
    select
        event_date,
        product_id,
        count(*) = 1 as is_steady
    from variants
    group by event_date, product_id
),

roll_up_instants as (
    select
        events.event_date,
        events.product_id,
        event_time,
        max({{ delivered('brand') }}) as last_brand,
        max({{ delivered('category_code') }}) as last_category_code,
        max({{ delivered('category_id') }}) as last_category_id,
        max(if(is_price_missing, null, price)) as last_price,
        min(xxhash64(brand, category_code, category_id, price, is_price_missing))
        != max(xxhash64(brand, category_code, category_id, price, is_price_missing)) as is_mixed,
        count(*) as total_events,
        max(load_id) as load_id
    from events
    inner join compare_days
        on events.event_date = compare_days.event_date and events.product_id = compare_days.product_id and not is_steady
    group by events.event_date, events.product_id, event_time
),

-- Of looks at one instant the session decides: each value is that of the latest event that has one.
settle_instants as (
    select
        event_date,
        product_id,
        event_time,
        {{ latest_event(delivered('brand') ~ ' is not null') }} as of_brand,
        {{ latest_event(delivered('category_code') ~ ' is not null') }} as of_category_code,
        {{ latest_event(delivered('category_id') ~ ' is not null') }} as of_category_id,
        {{ latest_event('not is_price_missing') }} as of_price
    from events
    left semi join roll_up_instants as mixed
        on events.event_date = mixed.event_date and events.product_id = mixed.product_id
        and events.event_time = mixed.event_time and mixed.is_mixed
    group by event_date, product_id, event_time
)

select
    variants.event_date,
    variants.product_id,
    first_event_at as seen_at,
    {{ delivered('brand') }} as brand,
    {{ delivered('category_code') }} as category_code,
    {{ delivered('category_id') }} as category_id,
    if(is_price_missing, null, price) as price,
    total_events,
    load_id
from variants
inner join compare_days
    on variants.event_date = compare_days.event_date and variants.product_id = compare_days.product_id and is_steady
union all
select
    instants.event_date,
    instants.product_id,
    instants.event_time,
    if(is_mixed, of_brand.brand, last_brand) as brand,
    if(is_mixed, of_category_code.category_code, last_category_code) as category_code,
    if(is_mixed, of_category_id.category_id, last_category_id) as category_id,
    if(is_mixed, of_price.price, last_price) as price,
    total_events,
    load_id
from roll_up_instants as instants
left join settle_instants as settled
    on instants.event_date = settled.event_date and instants.product_id = settled.product_id
    and instants.event_time = settled.event_time
