{{ config(materialized='table') }}

with

days as (select * from {{ ref('int_event_days') }}),

-- Consecutive dates are one run: less their place among all dates, they give one date.
number_dates as (
    select
        *,
        date_sub(event_date, cast(row_number() over (order by event_date) as int)) as run,
        sum(total_events) over (order by total_events) as events_up_to,
        sum(total_events) over () as all_events
    from days
),

find_typical as (
    select min(total_events) as typical_events
    from number_dates
    where 2 * events_up_to >= all_events
),

judge_runs as (
    select
        number_dates.*,
        find_typical.typical_events,
        100 * max(total_events) over (partition by run) >= {{ var('delivered_percent') }} * typical_events as is_delivered
    from number_dates
    cross join find_typical
),

mark_ends as (
    select
        *,
        event_date = min(if(is_delivered, event_date, null)) over () as is_first,
        event_date = max(if(is_delivered, event_date, null)) over () as is_last
    from judge_runs
)

select
    event_date,
    total_events,
    first_event_at,
    last_event_at,
    typical_events,
    is_delivered,
    not is_delivered as is_stray,
    is_delivered and not (is_first and hour(first_event_at) > 0) and not (is_last and hour(last_event_at) < 23) as is_whole,
    case
        when is_first then hour(first_event_at) + if(first_event_at > date_trunc('hour', first_event_at), 1, 0)
        else 0
    end as judged_from,
    case
        when not is_delivered then 0
        when is_last then hour(last_event_at)
        else 24
    end as judged_below
from mark_ends
