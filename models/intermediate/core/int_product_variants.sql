{{
    config(
        materialized='incremental',
        partition_by='event_date',
        tblproperties={'delta.dataSkippingStatsColumns': 'load_id'},
    )
}}

with

events as (select * from {{ ref('int_events') }} where {{ on_changed_dates() }})

-- Texts are keys only: a hash table holds such a roll-up, while a maximum of texts would sort all events.
select
    event_date,
    product_id,
    category_id,
    category_code,
    brand,
    price,
    is_price_missing,
    min(event_time) as first_event_at,
    max(event_time) as last_event_at,
    {{ event_counts() }},
    {{ units() }} as total_units,
    max(load_id) as load_id
from events
group by event_date, product_id, category_id, category_code, brand, price, is_price_missing
-- One file a date, not one of each task (docs/decisions/one-file-a-date.md).
{{ distribute_by('event_date') }}
