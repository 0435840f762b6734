with

measure_distances as (select * from {{ ref('int_daily_expectations') }}),

estimate_scales as (
    select
        measure,
        {{ usual_distance('distance', 'min_scale') }} as scale
    from measure_distances
    group by measure
),

score_dates as (
    select
        *,
        distance / scale as score,
        abs(distance / scale) > threshold as is_far
    from measure_distances
    inner join estimate_scales using (measure)
)

select
    event_date,
    measure,
    observed,
    expected,
    other_dates,
    -- greatest() passes over nulls.
    case when distance is not null then expected * greatest(0d, 1 - threshold * scale) end as lower_bound,
    case when distance is not null then expected * (1 + threshold * scale) end as upper_bound,
    score,
    coalesce(is_far, false) as is_anomaly,
    case when is_far and score < 0 then 'low' when is_far and score > 0 then 'high' end as direction,
    case
        when left_out is not null then left_out
        when observed is null then 'nothing to divide by'
        when other_dates < min_other_dates then concat('fewer than ', min_other_dates, ' other dates of this weekday')
        when distance is null then 'nothing expected'
    end as reason
from score_dates
