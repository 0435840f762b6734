with

measure_distances as (select * from {{ ref('int_hourly_expectations') }}),

-- Four weeks are too few for one of each hour of the week.
estimate_scales as (
    select
        event_type,
        {{ usual_distance('distance', 'min_scale') }} as scale
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
),

-- Adjacent anomalies on one side are one alarm, named by its first hour.
mark_alarms as (
    select
        *,
        if(
            is_anomaly and not coalesce(
                lag(is_anomaly) over hours and side = lag(side) over hours, false
            ), cast(event_date as timestamp) + event_hour * interval 1 hour, null
        ) as starts_at
    from judge_hours
    window hours as (partition by event_type order by event_date, event_hour)
),

number_alarms as (
    select
        *,
        if(is_anomaly, max(starts_at) over (partition by event_type order by event_date, event_hour), null) as alarm_starts_at
    from mark_alarms
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
    coalesce(left_out, case when expected is null then 'too little data' end) as reason,
    concat(event_type, ' ', if(side < 0, 'low', 'high'), ' ', date_format(alarm_starts_at, 'yyyyMMddHH')) as alarm_id,
    alarm_starts_at,
    alarm_starts_at + interval 1 hour * count(alarm_starts_at) over (partition by event_type, alarm_starts_at) as alarm_ends_at
from number_alarms
