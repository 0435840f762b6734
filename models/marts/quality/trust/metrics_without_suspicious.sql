with

sessions as (select * from {{ ref('dim_sessions') }}),
suspicious_sessions as (select * from {{ ref('suspicious_sessions') }}),

find_suspicious as (
    select distinct session_key from suspicious_sessions
),

mark_sessions as (
    select
        sessions.*,
        find_suspicious.session_key is not null as is_suspicious
    from sessions
    left join find_suspicious on sessions.session_key = find_suspicious.session_key
),

-- The marked ones once more, so that both sums are made by the same words.
choose_sessions as (
    select
        'all' as chosen,
        *
    from mark_sessions
    union all
    select
        'unsuspicious' as chosen,
        *
    from mark_sessions
    where not is_suspicious
),

sum_sessions as (
    select
        chosen,
        cast(count(*) as double) as sessions,
        cast(count_if(has_purchased) as double) as orders,
        cast(sum(total_spent) as double) as revenue,
        cast(sum(duration_seconds) as double) as total_seconds,
        cast(sum(total_events) as double) as total_events
    from choose_sessions
    group by chosen
),

list_metrics as (
    select
        chosen,
        stack(
            6,
            'sessions', sessions,
            'orders', orders,
            'revenue', revenue,
            'order_conversion', 100d * orders / sessions,
            'mean_duration_seconds', total_seconds / sessions,
            'events', total_events
        ) as (metric_name, value)
    from sum_sessions
)

select
    metric_name,
    max(case when chosen = 'all' then value end) as with_all,
    max(case when chosen = 'unsuspicious' then value end) as without_suspicious
from list_metrics
group by metric_name
