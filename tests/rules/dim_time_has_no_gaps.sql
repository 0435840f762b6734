with

hours as (select * from {{ ref('dim_time') }}),
events as (select * from {{ ref('fct_events') }}),
coverage as (select * from {{ ref('data_coverage') }}),

held as (
    select
        count_if(event_date between first_delivered_date and last_delivered_date) as hours_within,
        count_if(event_date not between first_delivered_date and last_delivered_date) as hours_outside
    from hours
    cross join coverage
),

expected as (
    select count(distinct time_key) as hours_outside
    from events
    cross join coverage
    where event_date not between first_delivered_date and last_delivered_date
)

select
    held.hours_within,
    held.hours_outside,
    expected.hours_outside as expected_outside
from held
cross join expected
cross join coverage
where held.hours_within != coalesce(24 * (datediff(last_delivered_date, first_delivered_date) + 1), 0)
    or held.hours_outside != expected.hours_outside
