with

user_days as (select * from {{ ref('int_user_days') }} where user_id != {{ var('null_defaults')['user_id'] }}),
delivered_dates as (select * from {{ ref('int_date_coverage') }} where is_delivered),

list_activities as (
    select
        user_days.user_id,
        user_days.event_date,
        explode(if(user_days.total_purchases > 0, array('visit', 'purchase'), array('visit'))) as activity
    from user_days
    left semi join delivered_dates on user_days.event_date = delivered_dates.event_date
),

list_periods as (
    select
        activity,
        'day' as period_type,
        1 as days,
        user_id,
        event_date as period_start
    from list_activities
    union all
    select distinct
        activity,
        'week' as period_type,
        7 as days,
        user_id,
        cast(trunc(event_date, 'week') as date) as period_start
    from list_activities
),

assign_cohorts as (
    select
        *,
        min(period_start) over (partition by activity, period_type, user_id) as cohort_start
    from list_periods
)

select
    activity,
    period_type,
    days,
    cohort_start,
    cast(datediff(period_start, cohort_start) / days as int) as period_number,
    count(*) as users
from assign_cohorts
group by activity, period_type, days, cohort_start, period_start
