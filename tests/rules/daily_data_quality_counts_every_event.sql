with

events as (
    select
        event_date,
        count(*) as total_events
    from {{ ref('fct_events') }}
    group by event_date
),

counted as (
    select
        event_date,
        total_events
    from {{ ref('daily_data_quality') }}
)

select
    coalesce(events.event_date, counted.event_date) as event_date,
    events.total_events as events_in_fact,
    counted.total_events as events_counted
from events
full outer join counted on events.event_date = counted.event_date
where coalesce(events.total_events, 0) != coalesce(counted.total_events, 0)
