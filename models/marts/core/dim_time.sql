{{ config(materialized='table') }}

with

event_dates as (

    select * from {{ ref('stg_event_dates') }} where total_rows > 0

),

-- Not dbt_utils.date_spine: it fails where there is no date, as after the last file was withdrawn.
dates as (

    select explode(sequence(min(event_date), max(event_date))) as event_date
    from event_dates

),

hours as (

    select
        event_date,
        explode(sequence(0, 23)) as event_hour
    from dates

)

select
    cast(date_format(event_date, 'yyyyMMdd') as int) * 100 + event_hour as time_key,
    event_date,
    event_hour,
    weekday(event_date) + 1 as day_of_week,
    date_format(event_date, 'EEEE') as day_name,
    weekday(event_date) >= 5 as is_weekend,
    month(event_date) as month,
    year(event_date) as year
from hours
