with

dates as (select * from {{ ref('int_event_dates') }} where total_rows > 0),
coverage as (select * from {{ ref('int_date_coverage') }})

select
    dates.event_date,
    dates.load_id,
    dates.rules_versions,
    dates.total_rows,
    coverage.total_events,
    coverage.is_delivered,
    coverage.is_stray,
    coverage.is_whole
from dates
inner join coverage on dates.event_date = coverage.event_date
