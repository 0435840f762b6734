-- When does the money come in? Through the star: fact and time dimension.
with

events as (select * from {{ ref('fct_events') }}),
hours as (select * from {{ ref('dim_time') }})

select
    hours.event_hour,
    count(*) as total_purchases,
    sum(events.price * events.quantity) as total_revenue
from events
inner join hours on events.time_key = hours.time_key
where events.event_type = 'purchase'
group by hours.event_hour
order by total_revenue desc, hours.event_hour asc
