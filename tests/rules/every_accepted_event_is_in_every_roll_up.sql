-- Events and revenue of the fact and of each dimension are those of the cleaned events.
with

totals as (

    select 'stg_events' as source, count(*) as events, sum(case when event_type = 'purchase' then price end) as revenue
    from {{ ref('stg_events') }}
    union all
    select 'fct_events', count(*), sum(case when event_type = 'purchase' then price end) from {{ ref('fct_events') }}
    union all
    select 'dim_sessions', sum(total_events), sum(total_spent) from {{ ref('dim_sessions') }}
    union all
    select 'dim_users', sum(total_events), sum(total_spent) from {{ ref('dim_users') }}
    union all
    select 'dim_products', sum(total_events), sum(total_revenue) from {{ ref('dim_products') }}

)

select totals.*
from totals
inner join totals as expected on expected.source = 'stg_events'
where totals.events != expected.events or coalesce(totals.revenue, 0) != coalesce(expected.revenue, 0)
