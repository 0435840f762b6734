{{ config(materialized='incremental', partition_by='event_date') }}

with

product_days as (select * from {{ ref('int_product_days') }} where {{ on_changed_dates() }})

select
    event_date,
    product_id,
    {{ counts() }},
    total_units,
    total_revenue as revenue,
    total_price,
    load_id
from product_days
