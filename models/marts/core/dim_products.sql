{{ config(materialized='incremental', incremental_strategy='upsert', unique_key='product_id') }}

with

product_days as (select * from {{ ref('int_product_days') }}),

touched as (
    select product_id from product_days where {{ in_dates(changed_dates()) }}
    union
    {{ held(['product_id'], rows_were_taken_out()) }}
),

roll_up_products as (
    select
        product_days.product_id,
        -- No two days of a product have a value at one time.
        max_by(brand, brand_at) filter (where brand_at is not null) as brand,
        max_by(category_code, category_code_at) filter (where category_code_at is not null) as category_code,
        max_by(category_id, category_id_at) filter (where category_id_at is not null) as category_id,
        max_by(last_price, last_price_at) filter (where last_price_at is not null) as last_price,
        sum(total_price) as total_price,
        sum(priced_events) as priced_events,
        sum(missing_price_events) as missing_price_events,
        {{ summed_counts() }},
        {{ money_sum('total_revenue') }} as total_revenue,
        max(load_id) as load_id
    from product_days
    {{ only_touched('product_days', 'product_id') }}
    group by product_days.product_id
)

select
    product_id,
    lower({{ null_default('brand', 'brand') }}) as brand,
    {{ null_default('category_code', 'category_code') }} as category_code,
    {{ null_default('category_id', 'category_id') }} as category_id,
    cast({{ null_default('last_price', 'price') }} as decimal(12, 2)) as last_price,
    cast(coalesce(round(total_price / nullif(priced_events, 0), 2), 0) as decimal(12, 2)) as avg_price,
    cast(total_price as decimal(18, 2)) as total_price,
    priced_events,
    total_events - priced_events - missing_price_events as free_events,
    missing_price_events,
    {{ counts() }},
    total_revenue,
    load_id
from {{ all_touched('roll_up_products', 'product_id') }}
