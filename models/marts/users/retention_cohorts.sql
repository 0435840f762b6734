{{ config(materialized='table') }}

with

user_days as (

    select * from {{ ref('int_user_days') }} where user_id != {{ var('null_defaults')['user_id'] }}

),

dates as (

    select event_date from {{ ref('int_date_periods') }} where period_type = 'day'

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
        explode(sequence(0, if(
            period_type = 'day', {{ var('retention_periods')['day'] }}, {{ var('retention_periods')['week'] }}
        ))) as period_number
    from count_users
    where period_number = 0

),

-- Only a day or week of which every date has events is known: 0 there, null elsewhere.
find_known_periods as (

    select
        'day' as period_type,
        event_date as period_start
    from dates
    union all
    select
        'week' as period_type,
        cast(trunc(event_date, 'week') as date) as period_start
    from dates
    group by trunc(event_date, 'week')
    having count(*) = 7

),

fill_cells as (

    select
        cells.*,
        case when known.period_start is not null then coalesce(count_users.users, 0) end as active_users
    from make_cells as cells
    left join count_users
        on cells.activity = count_users.activity and cells.period_type = count_users.period_type
        and cells.cohort_start = count_users.cohort_start and cells.period_number = count_users.period_number
    left join find_known_periods as known
        on cells.period_type = known.period_type and date_add(cells.cohort_start, cells.period_number * cells.days) = known.period_start

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
