{{ config(materialized='incremental', partition_by='event_date') }}

with

events as (select * from {{ ref('fct_events') }} where {{ on_changed_dates() }}),

-- Sessions first, then users: distinct counts over events cost far more.
roll_up_sessions as (
    select
        event_date,
        hour(event_time) as event_hour,
        user_id,
        session_key,
        {{ event_counts() }},
        {{ units() }} as total_units,
        {{ revenue() }} as revenue,
        count_if(event_type = 'purchase' and price = 0) as free_purchases,
        max(load_id) as load_id
    from events
    group by event_date, hour(event_time), user_id, session_key
),

roll_up_users as (
    select
        event_date,
        event_hour,
        user_id,
        count(*) as active_sessions,
        {{ summed_counts() }},
        sum(total_units) as total_units,
        {{ money_sum('revenue') }} as revenue,
        sum(free_purchases) as free_purchases,
        max(load_id) as load_id
    from roll_up_sessions
    group by event_date, event_hour, user_id
),

roll_up_hours as (
    select
        event_date,
        event_hour,
        count_if(user_id != {{ var('null_defaults')['user_id'] }}) as active_users,
        sum(active_sessions) as active_sessions,
        {{ summed_counts() }},
        sum(total_units) as total_units,
        {{ money_sum('revenue') }} as revenue,
        sum(free_purchases) as free_purchases,
        max(load_id) as load_id
    from roll_up_users
    group by event_date, event_hour
)

select
    event_date,
    event_hour,
    {{ counts() }},
    total_units,
    revenue,
    free_purchases,
    active_users,
    active_sessions,
    cast(round(revenue / nullif(total_units, 0), 2) as decimal(12, 2)) as avg_purchase_price,
    load_id
from roll_up_hours
