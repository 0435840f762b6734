with

event_dates as (select * from {{ ref('int_event_dates') }} where total_rows > 0),

-- Not dbt_utils.date_spine: it fails where there is no date, as after the last file was withdrawn.
find_bounds as (
    select
        min(event_date) as first_date,
        max(event_date) as last_date
    from event_dates
),

list_dates as (
    select explode(sequence(first_date, last_date)) as event_date
    from find_bounds
),

list_hours as (
    select
        event_date,
        explode(sequence(0, 23)) as event_hour
    from list_dates
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
