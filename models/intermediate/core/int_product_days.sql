{{
    config(
        materialized='incremental',
        partition_by='event_date',
        tblproperties={'delta.dataSkippingStatsColumns': 'load_id'},
    )
}}

with

-- Sorted, so that a maximum of texts needs no sort of its own; all of a date in one task, which writes its one file.
variants as (
    select * from {{ ref('int_product_variants') }} where {{ on_changed_dates() }}
    {{ distribute_by('event_date', sorted_by='event_date, product_id') }}
),
events as (select * from {{ ref('int_events') }} where {{ on_changed_dates() }}),

roll_up_products as (
    select
        event_date,
        product_id,
        max(last_event_at) as last_event_at,
        max_by(category_id, last_event_at) as category_id,
        max_by(category_code, last_event_at) as category_code,
        max_by(brand, last_event_at) as brand,
        max_by(price, last_event_at) as last_price,
        {{ money_sum('price * total_events') }} as total_price,
        {{ summed_counts() }},
        {{ money_sum('price * total_purchases') }} as total_revenue,
        max(load_id) as load_id
    from variants
    group by event_date, product_id
),

-- Two variants at the very last instant are rare.
find_ties as (
    select
        variants.event_date,
        variants.product_id,
        variants.last_event_at
    from variants
    inner join roll_up_products as latest
        on variants.event_date = latest.event_date
        and variants.product_id = latest.product_id
        and variants.last_event_at = latest.last_event_at
    group by variants.event_date, variants.product_id, variants.last_event_at
    having count(*) > 1
),

-- Then the session decides, which variants don't have.
settle_ties as (
    select /*+ broadcast(find_ties) */
        events.event_date,
        events.product_id,
        {{ latest_event() }} as latest
    from events
    inner join find_ties
        on events.event_date = find_ties.event_date
        and events.product_id = find_ties.product_id
        and events.event_time = find_ties.last_event_at
    group by events.event_date, events.product_id
)

-- Sent to the tasks, or the join would take the dates apart again.
select /*+ broadcast(settle_ties) */
    products.event_date,
    products.product_id,
    products.last_event_at,
    coalesce(settle_ties.latest.category_id, products.category_id) as category_id,
    coalesce(settle_ties.latest.category_code, products.category_code) as category_code,
    coalesce(settle_ties.latest.brand, products.brand) as brand,
    coalesce(settle_ties.latest.price, products.last_price) as last_price,
    products.total_price,
    {{ counts('products') }},
    products.total_revenue,
    products.load_id
from roll_up_products as products
left join settle_ties
    on products.event_date = settle_ties.event_date
    and products.product_id = settle_ties.product_id
