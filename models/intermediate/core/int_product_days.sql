{{
    config(
        materialized='incremental',
        partition_by='event_date',
        tblproperties={'delta.dataSkippingStatsColumns': 'load_id'},
    )
}}

with

-- Sorted, so that a maximum of texts needs no sort of its own; all of a date in one task, which writes its one file.
looks as (

    select * from {{ ref('int_product_variants') }} where {{ on_changed_dates() }}
    {{ distribute_by('event_date') }}
    sort by event_date, product_id

),

events as (

    select * from {{ ref('int_events') }} where {{ on_changed_dates() }}

),

rolled_up as (

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
    from looks
    group by event_date, product_id

),

-- Two looks at the very last instant are rare; then the session decides, which looks don't know.
settle_ties as (

    select /*+ broadcast(rolled_up) */
        rolled_up.event_date,
        rolled_up.product_id,
        {{ latest_event() }} as latest
    from events
    inner join rolled_up
        on size(filter(rolled_up.last_times, at -> at = rolled_up.last_event_at)) > 1
        and events.event_date = rolled_up.event_date
        and events.product_id = rolled_up.product_id
        and events.event_time = rolled_up.last_event_at
    group by rolled_up.event_date, rolled_up.product_id

)

-- Sent to the tasks, or the join would take the dates apart again.
select /*+ broadcast(settle_ties) */
    rolled_up.event_date,
    rolled_up.product_id,
    rolled_up.last_event_at,
    coalesce(settle_ties.latest.category_id, rolled_up.latest.category_id) as category_id,
    coalesce(settle_ties.latest.category_code, rolled_up.latest.category_code) as category_code,
    coalesce(settle_ties.latest.brand, rolled_up.latest.brand) as brand,
    coalesce(settle_ties.latest.price, rolled_up.latest.price) as last_price,
    rolled_up.total_price,
    rolled_up.total_events,
    rolled_up.total_views,
    rolled_up.total_carts,
    rolled_up.total_purchases,
    rolled_up.total_unknown,
    rolled_up.total_revenue,
    rolled_up.load_id
from rolled_up
left join settle_ties
    on rolled_up.event_date = settle_ties.event_date
    and rolled_up.product_id = settle_ties.product_id
