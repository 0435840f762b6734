{{ config(materialized='table') }}

with

hours as (

    select * from {{ ref('dim_time') }}

),

activity as (

    select * from {{ ref('hourly_activity') }}

),

settings as (

    select * from {{ ref('anomaly_settings') }}

),

-- Every hour counts, also one without any event; of a date without any, nothing was delivered.
count_events as (

    select
        hours.event_date,
        hours.event_hour,
        hours.day_of_week,
        settings.*,
        max(activity.event_date) over (partition by hours.event_date) is not null as is_delivered,
        coalesce(case settings.event_type
            when 'view' then activity.total_views
            when 'cart' then activity.total_carts
            when 'purchase' then activity.total_purchases
        end, 0) as observed
    from hours
    cross join settings
    left join activity on hours.event_date = activity.event_date and hours.event_hour = activity.event_hour

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
    where counted.is_delivered and other_weeks.is_delivered
    group by counted.event_type, counted.event_date, counted.event_hour
    having count(*) >= max(counted.min_other_weeks)

),

-- 2 * sqrt(n + 3/8) of a Poisson count has variance 1 whatever its mean (Anscombe).
measure_distances as (

    select
        *,
        2 * (sqrt(observed + 0.375d) - sqrt(expected + 0.375d)) as distance
    from count_events
    left join find_medians using (event_type, event_date, event_hour)

),

-- 1.4826 MAD estimate a standard deviation. Four weeks are too few for one of each hour of the week.
estimate_scales as (

    select
        event_type,
        greatest(max(min_scale), coalesce(1.4826d * percentile(abs(distance), 0.5), 0d)) as scale
    from measure_distances
    group by event_type

),

score_hours as (

    select
        *,
        distance / scale as score,
        sqrt(expected + 0.375d) as root,
        run_threshold * scale / 2 as margin,
        case when distance / scale > run_threshold then 1 when distance / scale < -run_threshold then -1 else 0 end as side
    from measure_distances
    inner join estimate_scales using (event_type)

),

judge_hours as (

    select
        *,
        side != 0 and (
            abs(score) > threshold
            or coalesce(side = lag(side) over (partition by event_type order by event_date, event_hour), false)
            or coalesce(side = lead(side) over (partition by event_type order by event_date, event_hour), false)
        ) as is_anomaly
    from score_hours

)

select
    event_date,
    event_hour,
    event_type,
    observed,
    expected,
    -- greatest() passes over nulls.
    case when root is not null then greatest(0d, pow(greatest(0d, root - margin), 2) - 0.375d) end as lower_bound,
    pow(root + margin, 2) - 0.375d as upper_bound,
    score,
    coalesce(is_anomaly, false) as is_anomaly,
    case when is_anomaly and side < 0 then 'low' when is_anomaly and side > 0 then 'high' end as direction,
    case when not is_delivered then 'no events on this date' when expected is null then 'too little data' end as reason
from judge_hours
