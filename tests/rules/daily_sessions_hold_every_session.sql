with

rolled_up as (
    select
        sum(sessions) as sessions,
        sum(revenue) as revenue
    from {{ ref('daily_sessions') }}
),

expected as (
    select
        count(*) as sessions,
        sum(total_spent) as revenue
    from {{ ref('dim_sessions') }}
)

select
    rolled_up.*,
    expected.sessions as expected_sessions,
    expected.revenue as expected_revenue
from rolled_up
cross join expected
where coalesce(rolled_up.sessions, 0) != expected.sessions
    or coalesce(rolled_up.revenue, 0) != coalesce(expected.revenue, 0)
