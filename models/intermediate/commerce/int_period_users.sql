{{ config(materialized='table') }}

with

user_days as (select * from {{ ref('int_user_days') }} where user_id != {{ var('null_defaults')['user_id'] }}),
periods as (select * from {{ ref('int_date_periods') }}),

-- Two steps: a distinct count over all user-days at once costs far more.
roll_up_users as (
    select
        periods.period_type,
        periods.period_start,
        user_days.user_id,
        sum(user_days.total_sessions) as session_days,
        {{ summed_counts() }},
        {{ money_sum('user_days.total_spent') }} as total_spent
    from user_days
    inner join periods on user_days.event_date = periods.event_date
    group by periods.period_type, periods.period_start, user_days.user_id
)

select
    period_type,
    period_start,
    count(*) as users,
    count_if(total_views > 0) as users_viewed,
    count_if(total_views > 0 and total_carts > 0) as users_carted,
    count_if(total_views > 0 and total_carts > 0 and total_purchases > 0) as users_purchased,
    count_if(total_purchases > 0) as buyers,
    count_if(total_purchases > 0 and total_carts = 0) as buyers_without_cart,
    sum(total_events) as user_events,
    sum(session_days) as session_days,
    {{ money_sum('total_spent') }} as buyer_revenue
from roll_up_users
group by period_type, period_start
