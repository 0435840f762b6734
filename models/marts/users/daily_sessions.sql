with

sessions as (select * from {{ ref('dim_sessions') }}),
users as (select * from {{ ref('dim_users') }}),
session_products as (select * from {{ ref('int_session_products') }} where free_purchases > 0),
duration_buckets as (select * from {{ ref('duration_buckets') }}),
segments as (select * from {{ ref('user_segments') }}),

count_free_purchases as (
    select
        session_key,
        sum(free_purchases) as free_purchases
    from session_products
    group by session_key
),

-- By duration first: few durations have to be looked up among the buckets then.
roll_up_durations as (
    select
        sessions.session_date,
        sessions.duration_seconds,
        users.user_segment,
        count(*) as sessions,
        count_if(sessions.has_purchased) as orders,
        count_if(sessions.is_anonymous) as anonymous_sessions,
        sum(sessions.total_views) as total_views,
        sum(sessions.total_carts) as total_carts,
        sum(sessions.total_purchases) as total_purchases,
        sum(sessions.unique_products) as total_products,
        {{ money_sum('sessions.total_spent') }} as revenue,
        coalesce(sum(count_free_purchases.free_purchases), 0) as free_purchases
    from sessions
    inner join users on sessions.user_id = users.user_id
    left join count_free_purchases on sessions.session_key = count_free_purchases.session_key
    group by sessions.session_date, sessions.duration_seconds, users.user_segment
)

select
    durations.session_date,
    buckets.duration_bucket,
    durations.user_segment,
    max(buckets.bucket_order) as bucket_order,
    max(segments.segment_order) as segment_order,
    sum(durations.sessions) as sessions,
    sum(durations.orders) as orders,
    sum(durations.anonymous_sessions) as anonymous_sessions,
    sum(durations.duration_seconds * durations.sessions) as total_duration_seconds,
    sum(durations.total_views) as total_views,
    sum(durations.total_carts) as total_carts,
    sum(durations.total_purchases) as total_purchases,
    sum(durations.total_products) as total_products,
    {{ money_sum('durations.revenue') }} as revenue,
    sum(durations.free_purchases) as free_purchases
from roll_up_durations as durations
inner join duration_buckets as buckets
    on durations.duration_seconds >= buckets.from_seconds and durations.duration_seconds < buckets.below_seconds
inner join segments on durations.user_segment = segments.user_segment
group by durations.session_date, buckets.duration_bucket, durations.user_segment
