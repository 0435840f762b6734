{{
    config(
        materialized='incremental',
        incremental_strategy='replace_where',
        partition_by='event_date',
        tblproperties={'delta.dataSkippingStatsColumns': 'load_id'},
    )
}}

{% set dates = changed_dates(ref('stg_event_dates')) %}
-- replace where: {{ dates }}

with

-- Sorted, so that a maximum of texts needs no sort of its own; all of a date in one task, which writes its one file.
looks as (

    select * from {{ ref('int_product_looks') }} where {{ dates }}
    {{ distribute_by('event_date', sorted_by='event_date, product_id') }}

),

events as (

    select * from {{ ref('stg_events') }} where {{ dates }}

),

rolled_up as (

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
    from looks
    group by event_date, product_id

),

-- Two looks at the very last instant are rare.
find_ties as (

    select
        looks.event_date,
        looks.product_id,
        looks.last_event_at
    from looks
    inner join rolled_up
        on looks.event_date = rolled_up.event_date
        and looks.product_id = rolled_up.product_id
        and looks.last_event_at = rolled_up.last_event_at
    group by looks.event_date, looks.product_id, looks.last_event_at
    having count(*) > 1

),

-- Then the session decides, which looks don't have.
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
    rolled_up.event_date,
    rolled_up.product_id,
    rolled_up.last_event_at,
    coalesce(settle_ties.latest.category_id, rolled_up.category_id) as category_id,
    coalesce(settle_ties.latest.category_code, rolled_up.category_code) as category_code,
    coalesce(settle_ties.latest.brand, rolled_up.brand) as brand,
    coalesce(settle_ties.latest.price, rolled_up.last_price) as last_price,
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
