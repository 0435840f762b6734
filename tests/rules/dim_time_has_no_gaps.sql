with

hours as (
    select
        count(*) as held,
        24 * (datediff(max(event_date), min(event_date)) + 1) as expected
    from {{ ref('dim_time') }}
),

dates as (
    select
        min(event_date) as first_date,
        max(event_date) as last_date
    from {{ ref('fct_events') }}
)

select hours.*
from hours
cross join dates
where hours.held != coalesce(hours.expected, 0)
    or not dates.first_date <=> (select min(event_date) from {{ ref('dim_time') }})
    or not dates.last_date <=> (select max(event_date) from {{ ref('dim_time') }})
