with

events as (
    select * from {{ ref('fct_events') }}
    where price > {{ var('max_price') }} or quantity not between 1 and {{ max_quantity() }}
),

-- Dates of other rules keep theirs until they are backfilled.
dates as (select * from {{ ref('int_event_dates') }} where rules_versions = '{{ rules_version() }}')

select
    events.event_date,
    events.event_key,
    events.price,
    events.quantity
from events
inner join dates on events.event_date = dates.event_date
