with

dates as (select * from {{ ref('int_date_coverage') }}),
priced_products as (select * from {{ ref('dim_products') }} where priced_events > 0),

find_prices as (
    select count(*) > 0 as has_prices
    from priced_products
)

select
    min(if(is_delivered, first_event_at, null)) as begins_at,
    max(if(is_delivered, last_event_at, null)) as ends_at,
    min(if(is_delivered, event_date, null)) as first_delivered_date,
    max(if(is_delivered, event_date, null)) as last_delivered_date,
    max(typical_events) as typical_events,
    count_if(is_delivered) as dates_delivered,
    count_if(is_whole) as dates_whole,
    count_if(is_stray) as dates_stray,
    coalesce(max(has_prices), false) as has_prices
from dates
cross join find_prices
