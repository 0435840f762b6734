with

expected as (
    select
        count(*) as events,
        sum(case when event_type = 'purchase' then price * quantity end) as revenue
    from {{ ref('int_events') }}
),

totals as (
    select
        'fct_events' as source,
        count(*) as events,
        sum(case when event_type = 'purchase' then price * quantity end) as revenue
    from {{ ref('fct_events') }}
    union all
    select
        'dim_sessions' as source,
        sum(total_events) as events,
        sum(total_spent) as revenue
    from {{ ref('dim_sessions') }}
    union all
    select
        'dim_users' as source,
        sum(total_events) as events,
        sum(total_spent) as revenue
    from {{ ref('dim_users') }}
    union all
    select
        'dim_products' as source,
        sum(total_events) as events,
        sum(total_revenue) as revenue
    from {{ ref('dim_products') }}
    union all
    select
        'dim_categories' as source,
        sum(total_events) as events,
        sum(total_revenue) as revenue
    from {{ ref('dim_categories') }}
)

select totals.*
from totals
cross join expected
where coalesce(totals.events, 0) != expected.events or coalesce(totals.revenue, 0) != coalesce(expected.revenue, 0)
