with

sessions as (select * from {{ ref('dim_sessions') }}),
periods as (select * from {{ ref('int_date_periods') }}),

-- Sessions of one date and duration together: far fewer rows go into the four kinds of period.
group_by_duration as (
    select
        session_date,
        duration_seconds,
        count(*) as sessions,
        count_if(is_anonymous) as anonymous_sessions,
        count_if(has_purchased) as orders,
        count_if(has_purchased and is_anonymous) as anonymous_orders,
        {{ money_sum('total_spent') }} as order_revenue
    from sessions
    group by session_date, duration_seconds
),

roll_up_periods as (
    select
        periods.period_type,
        periods.period_start,
        duration_seconds,
        sum(sessions) as sessions,
        sum(anonymous_sessions) as anonymous_sessions,
        sum(orders) as orders,
        sum(anonymous_orders) as anonymous_orders,
        {{ money_sum('order_revenue') }} as order_revenue
    from group_by_duration
    inner join periods on group_by_duration.session_date = periods.event_date
    group by periods.period_type, periods.period_start, duration_seconds
),

-- For the median, counted by hand: Sail's percentile passes over how often a value occurs (docs/how-to/engines.md).
place_durations as (
    select
        *,
        sum(sessions) over (partition by period_type, period_start order by duration_seconds) as sessions_so_far,
        sum(sessions) over (partition by period_type, period_start) as all_sessions
    from roll_up_periods
)

select
    period_type,
    period_start,
    sum(sessions) as sessions,
    sum(anonymous_sessions) as anonymous_sessions,
    sum(orders) as orders,
    sum(anonymous_orders) as anonymous_orders,
    {{ money_sum('order_revenue') }} as order_revenue,
    cast(sum(duration_seconds * sessions) as double) / sum(sessions) as mean_duration_seconds,
    -- The mean of the two in the middle; of an odd number both are one.
    (
        min(case when 2 * sessions_so_far >= all_sessions then duration_seconds end)
        + min(case when 2 * sessions_so_far > all_sessions then duration_seconds end)
    ) / 2d as median_duration_seconds
from place_durations
group by period_type, period_start
