with

activity as (select * from {{ ref('period_activity') }} where period_type != 'total' and is_complete),

find_period_before as (
    select
        *,
        case period_type
            when 'day' then date_add(period_start, -1)
            when 'week' then date_add(period_start, -7)
            else cast(add_months(period_start, -1) as date)
        end as before_start
    from activity
),

pair_periods as (
    select
        now.period_type,
        now.period_start,
        now.before_start,
        now.revenue,
        before.revenue as revenue_before,
        cast(now.revenue as double) as r,
        cast(before.revenue as double) as r_before,
        cast(now.users as double) / before.users as visitors_ratio,
        (cast(now.sessions as double) / now.users) / (cast(before.sessions as double) / before.users) as visits_ratio,
        (cast(now.orders as double) / now.sessions) / (cast(before.orders as double) / before.sessions)
            as conversion_ratio
    from find_period_before as now
    inner join activity as before
        on now.period_type = before.period_type and now.before_start = before.period_start
    where
        now.revenue > 0 and now.users > 0 and now.sessions > 0 and now.orders > 0
        and before.revenue > 0 and before.users > 0 and before.sessions > 0 and before.orders > 0
),

-- The logarithmic mean of both revenues: times the logarithms of the ratios, it adds up to the change.
measure_periods as (
    select
        *,
        if(r = r_before, r, (r - r_before) / ln(r / r_before)) as log_mean,
        (r / r_before) / (visitors_ratio * visits_ratio * conversion_ratio) as order_value_ratio
    from pair_periods
)

select
    period_type,
    period_start,
    before_start,
    revenue,
    revenue_before,
    round(log_mean * ln(visitors_ratio), 6) as from_visitors,
    round(log_mean * ln(visits_ratio), 6) as from_visits,
    round(log_mean * ln(conversion_ratio), 6) as from_conversion,
    round(log_mean * ln(order_value_ratio), 6) as from_order_value
from measure_periods
