{{ config(materialized='incremental', partition_by='event_date', tags=['commerce']) }}

{% set defaults = var('null_defaults') %}

with

events as (select * from {{ ref('int_events') }} where {{ on_changed_dates() }})

select
    event_date,
    count(*) as total_events,
    count_if(brand = lower('{{ defaults["brand"] }}')) as unknown_brand_events,
    count_if(category_code = '{{ defaults["category_code"] }}') as uncategorized_events,
    count_if(event_type = lower('{{ defaults["event_type"] }}')) as unknown_type_events,
    count_if(product_id = {{ defaults['product_id'] }}) as unknown_product_events,
    count_if(user_id = {{ defaults['user_id'] }}) as anonymous_events,
    count_if(not has_session) as unknown_session_events,
    count_if(price = 0) as zero_price_events,
    count_if(is_price_missing) as missing_price_events,
    count_if(price = {{ var('max_price') }}) as capped_events,
    max(load_id) as load_id
from events
group by event_date
