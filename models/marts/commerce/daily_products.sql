{{
    config(
        materialized='incremental',
        incremental_strategy='replace_where',
        partition_by='event_date',
    )
}}

{% set dates = changed_dates(ref('stg_event_dates')) %}
-- replace where: {{ dates }}

with

product_days as (

    select * from {{ ref('int_product_days') }} where {{ dates }}

)

select
    event_date,
    product_id,
    total_events,
    total_views,
    total_carts,
    total_purchases,
    total_unknown,
    total_revenue as revenue,
    total_price,
    load_id
from product_days
