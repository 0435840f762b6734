with

event_types as (select * from {{ ref('daily_event_types') }}),
periods as (select * from {{ ref('int_date_periods') }}),
period_users as (select * from {{ ref('int_period_users') }}),
period_new_users as (select * from {{ ref('int_period_new_users') }}),
period_sessions as (select * from {{ ref('int_period_sessions') }}),
period_further_days as (select * from {{ ref('int_period_further_days') }}),

find_coverage as (
    select
        period_type,
        period_start,
        max(period_end) as period_end,
        count_if(is_delivered) as dates_delivered,
        count_if(is_whole) = case period_type
            when 'day' then 1
            when 'week' then 7
            when 'month' then day(last_day(period_start))
            else datediff(max(period_end), period_start) + 1
        end as is_complete
    from periods
    group by period_type, period_start
),

roll_up_events as (
    select
        period_type,
        period_start,
        sum(total_events) as total_events,
        sum(if(event_type = 'view', total_events, 0)) as total_views,
        sum(if(event_type = 'cart', total_events, 0)) as total_carts,
        sum(if(event_type = 'purchase', total_events, 0)) as total_purchases,
        sum(if(event_type = 'remove_from_cart', total_events, 0)) as total_removals,
        sum(if(event_type = 'unknown', total_events, 0)) as total_unknown,
        sum(if(event_type not in ('view', 'cart', 'purchase', 'remove_from_cart', 'unknown'), total_events, 0)) as total_other,
        {{ money_sum("if(event_type = 'purchase', total_amount, 0)") }} as revenue,
        sum(if(event_type = 'purchase', total_units, 0)) as total_units,
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
    dates_delivered,
    is_complete,
    {{ counts() }},
    total_units,
    revenue,
    free_purchases,
    coalesce(users, 0) as users,
    coalesce(new_users, 0) as new_users,
    coalesce(buyers, 0) as buyers,
    coalesce(user_events, 0) as user_events,
    coalesce(buyer_revenue, 0) as buyer_revenue,
    coalesce(session_days - coalesce(further_days, 0), 0) as user_sessions,
    coalesce(sessions, 0) as sessions,
    coalesce(anonymous_sessions, 0) as anonymous_sessions,
    coalesce(orders, 0) as orders,
    coalesce(anonymous_orders, 0) as anonymous_orders,
    coalesce(order_revenue, 0) as order_revenue,
    cast(round(order_revenue / nullif(orders, 0), 2) as decimal(18, 2)) as avg_order_value,
    cast(round(revenue / nullif(total_units, 0), 2) as decimal(12, 2)) as avg_purchase_price,
    cast(user_events as double) / users as events_per_user,
    cast(session_days - coalesce(further_days, 0) as double) / users as sessions_per_user,
    cast(round(buyer_revenue / nullif(buyers, 0), 2) as decimal(18, 2)) as revenue_per_buyer,
    mean_duration_seconds,
    median_duration_seconds,
    min_purchase_price,
    max_purchase_price
from roll_up_events
inner join find_coverage using (period_type, period_start)
left join period_users using (period_type, period_start)
left join period_new_users using (period_type, period_start)
left join period_sessions using (period_type, period_start)
left join period_further_days using (period_type, period_start)
