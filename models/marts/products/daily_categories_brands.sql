{{ config(materialized='incremental', partition_by='event_date') }}

with

variants as (select * from {{ ref('int_product_variants') }} where {{ on_changed_dates() }}),
price_bands as (select * from {{ ref('price_bands') }}),

-- By price first: few prices have to be looked up among the bands then.
roll_up_prices as (
    select
        event_date,
        category_code,
        brand,
        price,
        {{ summed_counts() }},
        sum(total_units) as total_units,
        max(load_id) as load_id
    from variants
    group by event_date, category_code, brand, price
)

select
    prices.event_date,
    prices.category_code,
    prices.brand,
    price_bands.price_band,
    {{ summed_counts() }},
    sum(prices.total_units) as total_units,
    {{ money_sum('prices.price * prices.total_units') }} as revenue,
    {{ money_sum('prices.price * prices.total_events') }} as total_price,
    sum(if(prices.price = 0, prices.total_events, 0)) as zero_price_events,
    sum(if(prices.price = 0, prices.total_purchases, 0)) as free_purchases,
    sum(if(prices.price = {{ var('max_price') }}, prices.total_events, 0)) as capped_events,
    max(prices.load_id) as load_id
from roll_up_prices as prices
left join price_bands on prices.price > price_bands.above and prices.price <= price_bands.up_to
group by prices.event_date, prices.category_code, prices.brand, price_bands.price_band
