with

sessions as (select * from {{ ref('dim_sessions') }} where has_purchased),
session_days as (select * from {{ ref('int_session_days') }} where total_purchases > 0),
event_types as (select * from {{ ref('daily_event_types') }} where event_type = 'purchase'),

-- Purchases of user -999999 are not of one person: their sessions are told apart.
roll_up_user_days as (
    select sum(total_spent) as total_spent
    from session_days
    group by event_date, user_id, if(user_id = {{ var('null_defaults')['user_id'] }}, session_key, 0)
),

count_orders as (
    select
        'session' as order_definition,
        count(*) as orders,
        sum(total_spent) as revenue
    from sessions
    union all
    select
        'user-day' as order_definition,
        count(*) as orders,
        sum(total_spent) as revenue
    from roll_up_user_days
    union all
    select
        'line' as order_definition,
        coalesce(sum(total_events), 0) as orders,
        sum(total_amount) as revenue
    from event_types
)

select
    order_definition,
    orders,
    cast(coalesce(revenue, 0) as decimal(18, 2)) as revenue,
    cast(round(revenue / nullif(orders, 0), 2) as decimal(18, 2)) as avg_order_value
from count_orders
