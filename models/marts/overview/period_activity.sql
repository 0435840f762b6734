with

event_types as (select * from {{ ref('daily_event_types') }}),
periods as (select * from {{ ref('int_date_periods') }}),
period_users as (select * from {{ ref('int_period_users') }}),
period_new_users as (select * from {{ ref('int_period_new_users') }}),
period_sessions as (select * from {{ ref('int_period_sessions') }}),

roll_up_events as (
    select
        period_type,
        period_start,
        max(period_end) as period_end,
        sum(total_events) as total_events,
        sum(if(event_type = 'view', total_events, 0)) as total_views,
        sum(if(event_type = 'cart', total_events, 0)) as total_carts,
        sum(if(event_type = 'purchase', total_events, 0)) as total_purchases,
        sum(if(event_type = 'unknown', total_events, 0)) as total_unknown,
        {{ money_sum("if(event_type = 'purchase', total_price, 0)") }} as revenue,
        sum(if(event_type = 'purchase', free_events, 0)) as free_purchases,
        min(if(event_type = 'purchase', min_price, null)) as min_purchase_price,
        max(if(event_type = 'purchase', max_price, null)) as max_purchase_price
    from event_types
    inner join periods using (event_date)
    group by period_type, period_start
)

select
    period_type,
    period_start,
    period_end,
    {{ counts() }},
    revenue,
    free_purchases,
    coalesce(users, 0) as users,
    coalesce(new_users, 0) as new_users,
    coalesce(buyers, 0) as buyers,
    coalesce(user_events, 0) as user_events,
    coalesce(buyer_revenue, 0) as buyer_revenue,
    coalesce(sessions, 0) as sessions,
    coalesce(anonymous_sessions, 0) as anonymous_sessions,
    coalesce(orders, 0) as orders,
    coalesce(anonymous_orders, 0) as anonymous_orders,
    coalesce(order_revenue, 0) as order_revenue,
    cast(round(order_revenue / nullif(orders, 0), 2) as decimal(18, 2)) as avg_order_value,
    cast(round(revenue / nullif(total_purchases, 0), 2) as decimal(12, 2)) as avg_purchase_price,
    cast(user_events as double) / users as events_per_user,
    cast(coalesce(sessions - anonymous_sessions, 0) as double) / users as sessions_per_user,
    cast(round(buyer_revenue / nullif(buyers, 0), 2) as decimal(18, 2)) as revenue_per_buyer,
    mean_duration_seconds,
    median_duration_seconds,
    min_purchase_price,
    max_purchase_price
from roll_up_events
left join period_users using (period_type, period_start)
left join period_new_users using (period_type, period_start)
left join period_sessions using (period_type, period_start)
