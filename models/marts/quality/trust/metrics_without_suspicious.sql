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

-- A sum of nothing is 0, a rate of nothing null.
sum_sessions as (
    select
        kinds.chosen,
        cast(count(session_key) as double) as sessions,
        cast(count_if(has_purchased) as double) as orders,
        cast(coalesce(sum(total_spent), 0) as double) as revenue,
        cast(coalesce(sum(duration_seconds), 0) as double) as total_seconds,
        cast(coalesce(sum(total_events), 0) as double) as total_events
    from values ('all'), ('unsuspicious') as kinds (chosen)
    left join choose_sessions on kinds.chosen = choose_sessions.chosen
    group by kinds.chosen
),

list_metrics as (
    select
        chosen,
        stack(
            6,
            'sessions', sessions,
            'orders', orders,
            'revenue', revenue,
            'order_conversion', 100d * orders / nullif(sessions, 0),
            'mean_duration_seconds', total_seconds / nullif(sessions, 0),
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
