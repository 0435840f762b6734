{{ config(materialized='table') }}

with

hours as (select * from {{ ref('dim_time') }}),
activity as (select * from {{ ref('hourly_activity') }}),
coverage as (select * from {{ ref('int_date_coverage') }}),
settings as (select * from {{ ref('anomaly_settings') }}),

-- Every hour that lies wholly within the data counts, also one without any event.
count_events as (
    select
        hours.event_date,
        hours.event_hour,
        hours.day_of_week,
        settings.*,
        case
            when coverage.event_date is null then 'no events on this date'
            when coverage.is_stray then 'stray date'
            when hours.event_hour < coverage.judged_from or hours.event_hour >= coverage.judged_below
                then 'hour not wholly in the data'
        end as left_out,
        coalesce(case settings.event_type
            when 'view' then activity.total_views
            when 'cart' then activity.total_carts
            when 'purchase' then activity.total_purchases
        end, 0) as observed
    from hours
    cross join settings
    left join activity on hours.event_date = activity.event_date and hours.event_hour = activity.event_hour
    left join coverage on hours.event_date = coverage.event_date
),

-- What the same hour of the week had in the other weeks: an hour says nothing about itself.
find_medians as (
    select
        counted.event_type,
        counted.event_date,
        counted.event_hour,
        percentile(other_weeks.observed, 0.5) as expected
    from count_events as counted
    inner join count_events as other_weeks
        on counted.event_type = other_weeks.event_type
        and counted.day_of_week = other_weeks.day_of_week
        and counted.event_hour = other_weeks.event_hour
        and counted.event_date != other_weeks.event_date
    where counted.left_out is null and other_weeks.left_out is null
    group by counted.event_type, counted.event_date, counted.event_hour
    having count(*) >= max(counted.min_other_weeks)
)

-- 2 * sqrt(n + 3/8) of a Poisson count has variance 1 whatever its mean (Anscombe).
select
    event_date,
    event_hour,
    event_type,
    threshold,
    run_threshold,
    min_scale,
    left_out,
    observed,
    expected,
    2 * (sqrt(observed + 0.375d) - sqrt(expected + 0.375d)) as distance
from count_events
left join find_medians using (event_type, event_date, event_hour)
