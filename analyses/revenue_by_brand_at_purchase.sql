-- What did each brand sell, by the brand a product had when it was bought? An as-of join to the history.
with

events as (select * from {{ ref('fct_events') }} where event_type = 'purchase'),
history as (select * from {{ ref('product_history') }})

select
    coalesce(history.brand, '{{ var('null_defaults')['brand'] }}') as brand,
    count(*) as total_purchases,
    sum(events.price * events.quantity) as total_revenue
from events
inner join history
    on events.product_id = history.product_id
    and events.event_time >= history.valid_from
    and (events.event_time < history.valid_to or history.is_current)
group by coalesce(history.brand, '{{ var('null_defaults')['brand'] }}')
order by total_revenue desc, brand asc
