with

hours as (select * from {{ ref('dim_time') }}),
coverage as (select * from {{ ref('int_date_coverage') }}),
hourly_activity as (select * from {{ ref('hourly_activity') }}),

choose_hours as (
    select hours.*
    from hours
    left semi join coverage
        on hours.event_date = coverage.event_date
        and hours.event_hour >= coverage.judged_from
        and hours.event_hour < coverage.judged_below
),

roll_up_hours as (
    select
        hours.day_of_week,
        hours.event_hour,
        max(hours.day_name) as day_name,
        max(hours.is_weekend) as is_weekend,
        {{ summed_counts() }},
        {{ money_sum('activity.revenue') }} as revenue,
        -- An hour without events counts, too: means are over all hours that lie wholly within the data.
        count(*) as hours_in_data
    from choose_hours as hours
    left join hourly_activity as activity
        on hours.event_date = activity.event_date and hours.event_hour = activity.event_hour
    group by hours.day_of_week, hours.event_hour
)

select
    day_of_week,
    event_hour,
    day_name,
    is_weekend,
    total_events,
    coalesce(total_views, 0) as total_views,
    coalesce(total_carts, 0) as total_carts,
    coalesce(total_purchases, 0) as total_purchases,
    coalesce(total_removals, 0) as total_removals,
    coalesce(total_unknown, 0) as total_unknown,
    coalesce(total_other, 0) as total_other,
    coalesce(revenue, 0) as revenue,
    hours_in_data,
    cast(total_events as double) / hours_in_data as mean_events,
    cast(coalesce(revenue, 0) as double) / hours_in_data as mean_revenue
from roll_up_hours
