with

coverage as (select * from {{ ref('int_date_coverage') }}),
events as (select * from {{ ref('fct_events') }}),

-- Not dbt_utils.date_spine: it fails where there is no date, as after the last file was withdrawn.
find_bounds as (
    select
        min(event_date) as first_date,
        max(event_date) as last_date
    from coverage
    where is_delivered
),

list_dates as (
    select explode(sequence(first_date, last_date)) as event_date
    from find_bounds
),

find_dates_outside as (
    select coverage.event_date
    from coverage
    cross join find_bounds
    where coverage.event_date < find_bounds.first_date or coverage.event_date > find_bounds.last_date
),

-- So that each event has its hour, however far its date is from the data. The few dates come first: Sail holds the left
-- side of a join in memory.
list_hours as (
    select
        event_date,
        explode(sequence(0, 23)) as event_hour
    from list_dates
    union all
    select distinct
        events.event_date,
        events.time_key % 100 as event_hour
    from find_dates_outside as outside
    inner join events on outside.event_date = events.event_date
)

select
    cast(date_format(event_date, 'yyyyMMdd') as int) * 100 + event_hour as time_key,
    event_date,
    event_hour,
    pmod(dayofweek(event_date) + 5, 7) + 1 as day_of_week,
    date_format(event_date, 'EEEE') as day_name,
    dayofweek(event_date) in (1, 7) as is_weekend,
    month(event_date) as month,
    year(event_date) as year
from list_hours
