{{ config(materialized='table') }}

with

dates as (

    {{ dbt_utils.date_spine(
        datepart='day',
        start_date="(select min(event_date) from " ~ ref('stg_event_dates') ~ " where total_rows > 0)",
        end_date="(select date_add(max(event_date), 1) from " ~ ref('stg_event_dates') ~ " where total_rows > 0)"
    ) }}

),

hours as (

    select
        cast(date_day as date) as event_date,
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
