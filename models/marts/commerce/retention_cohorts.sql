{{ config(materialized='table') }}

with

user_days as (

    select * from {{ ref('int_user_days') }} where user_id != {{ var('null_defaults')['user_id'] }}

),

hours as (

    select * from {{ ref('dim_time') }}

),

active_days as (

    select
        user_id,
        event_date,
        explode(if(total_purchases > 0, array('visit', 'purchase'), array('visit'))) as activity
    from user_days

),

active_periods as (

    select
        activity,
        'day' as period_type,
        1 as days,
        user_id,
        event_date as period_start
    from active_days
    union all
    select distinct
        activity,
        'week' as period_type,
        7 as days,
        user_id,
        cast(trunc(event_date, 'week') as date) as period_start
    from active_days

),

assign_cohorts as (

    select
        *,
        min(period_start) over (partition by activity, period_type, user_id) as cohort_start
    from active_periods

),

count_users as (

    select
        activity,
        period_type,
        days,
        cohort_start,
        cast(datediff(period_start, cohort_start) / days as int) as period_number,
        count(*) as users
    from assign_cohorts
    group by activity, period_type, days, cohort_start, period_start

),

make_cells as (

    select
        activity,
        period_type,
        days,
        cohort_start,
        users as cohort_users,
        explode(sequence(0, case period_type
            when 'day' then {{ var('retention_periods')['day'] }}
            else {{ var('retention_periods')['week'] }}
        end)) as period_number
    from count_users
    where period_number = 0

),

find_extent as (

    select
        min(event_date) as first_date,
        max(event_date) as last_date
    from hours

),

fill_cells as (

    select
        cells.*,
        -- Only a day or week that lies wholly in the data is known: 0 there, null elsewhere.
        case
            when date_add(cohort_start, period_number * days) >= first_date
                and date_add(cohort_start, (period_number + 1) * days - 1) <= last_date
                then coalesce(users, 0)
        end as active_users
    from make_cells as cells
    cross join find_extent
    left join count_users using (activity, period_type, days, cohort_start, period_number)

)

select
    activity,
    period_type,
    cohort_start,
    period_number,
    cohort_users,
    active_users,
    100d * active_users / cohort_users as retention
from fill_cells
