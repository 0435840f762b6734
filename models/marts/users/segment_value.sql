with

segments as (select * from {{ ref('user_segments') }}),
users as (select * from {{ ref('dim_users') }} where not is_anonymous),
daily_sessions as (select * from {{ ref('daily_sessions') }}),

count_users as (
    select
        user_segment,
        count(*) as users,
        count_if(total_purchases > 0) as buyers
    from users
    group by user_segment
),

roll_up_sessions as (
    select
        user_segment,
        sum(sessions) as sessions,
        sum(orders) as orders,
        sum(total_purchases) as total_purchases,
        {{ money_sum('revenue') }} as revenue
    from daily_sessions
    group by user_segment
)

select
    user_segment,
    segments.segment_order,
    coalesce(users, 0) as users,
    coalesce(buyers, 0) as buyers,
    coalesce(sessions, 0) as sessions,
    coalesce(orders, 0) as orders,
    coalesce(total_purchases, 0) as total_purchases,
    coalesce(revenue, 0) as revenue,
    100d * coalesce(revenue, 0) / nullif(sum(revenue) over (), 0) as revenue_share,
    100d * orders / nullif(sessions, 0) as order_conversion,
    100d * buyers / nullif(users, 0) as buyer_conversion,
    cast(round(revenue / nullif(orders, 0), 2) as decimal(18, 2)) as avg_order_value,
    cast(round(revenue / nullif(buyers, 0), 2) as decimal(18, 2)) as revenue_per_buyer
from segments
left join count_users using (user_segment)
left join roll_up_sessions using (user_segment)
