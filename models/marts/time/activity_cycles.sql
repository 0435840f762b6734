with

hours as (select * from {{ ref('dim_time') }}),
hourly_activity as (select * from {{ ref('hourly_activity') }}),
events as (select * from {{ ref('fct_events') }}),
session_days as (select * from {{ ref('int_session_days') }}),

-- Every hour of the data once for each cycle, also one without events.
roll_up_hours as (
    select
        is_hour,
        position,
        {{ summed_counts() }},
        sum(total_units) as total_units,
        {{ money_sum('revenue') }} as revenue
    from hours
    left join hourly_activity using (event_date, event_hour)
        lateral view stack(2, true, event_hour, false, day_of_week) as is_hour, position
    group by is_hour, position
),

-- By numbers only, so that no aggregate sorts; weekdays follow from the dates of sessions, without events.
find_sessions as (
    select
        true as is_hour,
        hour(event_time) as position,
        user_id,
        session_key
    from events
    group by hour(event_time), user_id, session_key
    union all
    select
        false as is_hour,
        pmod(dayofweek(event_date) + 5, 7) + 1 as position,
        user_id,
        session_key
    from session_days
    group by pmod(dayofweek(event_date) + 5, 7) + 1, user_id, session_key
),

roll_up_users as (
    select
        is_hour,
        position,
        user_id,
        count(*) as sessions
    from find_sessions
    group by is_hour, position, user_id
),

count_users as (
    select
        is_hour,
        position,
        sum(sessions) as sessions,
        count_if(user_id != {{ var('null_defaults')['user_id'] }}) as users
    from roll_up_users
    group by is_hour, position
)

select
    if(is_hour, 'hour', 'weekday') as cycle,
    position,
    {{ counts() }},
    coalesce(total_units, 0) as total_units,
    coalesce(revenue, 0) as revenue,
    coalesce(sessions, 0) as sessions,
    coalesce(users, 0) as users,
    cast(round(revenue / nullif(total_units, 0), 2) as decimal(12, 2)) as avg_purchase_price
from roll_up_hours
left join count_users using (is_hour, position)
