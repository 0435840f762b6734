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
    {{ distribute_by('event_date') }}
    sort by event_date, product_id
),
events as (select * from {{ ref('int_events') }} where {{ on_changed_dates() }}),

roll_up_products as (
    select
        event_date,
        product_id,
        -- Apart from the texts, which the search for ties then does not read.
        max(last_event_at) as last_event_at,
        max(struct(last_event_at, category_id, category_code, brand, price)) as latest,
        collect_list(last_event_at) as last_times,
        {{ money_sum('price * total_events') }} as total_price,
        {{ summed_counts() }},
        {{ money_sum('price * total_purchases') }} as total_revenue,
        max(load_id) as load_id
    from variants
    group by event_date, product_id
),

-- Two looks at the very last instant are rare; then the session decides, which looks don't know.
settle_ties as (
    select /*+ broadcast(roll_up_products) */
        roll_up_products.event_date,
        roll_up_products.product_id,
        {{ latest_event() }} as latest
    from events
    inner join roll_up_products
        on size(filter(roll_up_products.last_times, at -> at = roll_up_products.last_event_at)) > 1
        and events.event_date = roll_up_products.event_date
        and events.product_id = roll_up_products.product_id
        and events.event_time = roll_up_products.last_event_at
    group by roll_up_products.event_date, roll_up_products.product_id
)

-- Sent to the tasks, or the join would take the dates apart again.
select /*+ broadcast(settle_ties) */
    roll_up_products.event_date,
    roll_up_products.product_id,
    roll_up_products.last_event_at,
    coalesce(settle_ties.latest.category_id, roll_up_products.latest.category_id) as category_id,
    coalesce(settle_ties.latest.category_code, roll_up_products.latest.category_code) as category_code,
    coalesce(settle_ties.latest.brand, roll_up_products.latest.brand) as brand,
    coalesce(settle_ties.latest.price, roll_up_products.latest.price) as last_price,
    roll_up_products.total_price,
    roll_up_products.total_events,
    roll_up_products.total_views,
    roll_up_products.total_carts,
    roll_up_products.total_purchases,
    roll_up_products.total_unknown,
    roll_up_products.total_revenue,
    roll_up_products.load_id
from roll_up_products
left join settle_ties
    on roll_up_products.event_date = settle_ties.event_date
    and roll_up_products.product_id = settle_ties.product_id
