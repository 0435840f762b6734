{{ config(materialized='incremental', incremental_strategy='upsert', unique_key='product_id') }}

with

product_days as (select * from {{ ref('int_product_days') }}),

touched as (
    select product_id from product_days where {{ in_dates(changed_dates()) }}
    union
    {{ held('product_id', rows_were_taken_out()) }}
),

roll_up_products as (
    select
        product_days.product_id,
        -- No two days of a product end at one time.
        max_by(brand, last_event_at) as brand,
        max_by(category_code, last_event_at) as category_code,
        max_by(category_id, last_event_at) as category_id,
        max_by(last_price, last_event_at) as last_price,
        sum(total_price) as total_price,
        {{ summed_counts() }},
        {{ money_sum('total_revenue') }} as total_revenue,
        max(load_id) as load_id
    from product_days
    {{ only_touched('product_days', 'product_id') }}
    group by product_days.product_id
)

select
    product_id,
    brand,
    category_code,
    category_id,
    last_price,
    cast(round(total_price / total_events, 2) as decimal(12, 2)) as avg_price,
    {{ counts() }},
    total_revenue,
    load_id
from {{ all_touched('roll_up_products', 'product_id') }}
