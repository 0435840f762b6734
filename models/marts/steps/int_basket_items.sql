{{ config(materialized='table') }}

with

events as (
    select * from {{ ref('fct_events') }}
    where event_type in ('view', 'purchase') and product_id != {{ var('null_defaults')['product_id'] }}
),
products as (select * from {{ ref('dim_products') }}),

find_products as (
    select distinct
        case event_type when 'view' then 'viewed' else 'bought' end as basket_type,
        session_key,
        product_id
    from events
),

list_items as (
    select
        'product' as item_type,
        basket_type,
        session_key,
        cast(product_id as string) as item
    from find_products
    union all
    select distinct
        'category' as item_type,
        basket_type,
        session_key,
        products.category_code
    from find_products
    inner join products on find_products.product_id = products.product_id
    where products.category_code != '{{ var('null_defaults')['category_code'] }}'
),

size_baskets as (
    select
        *,
        count(*) over (partition by item_type, basket_type, session_key) as basket_size,
        row_number() over (partition by item_type, basket_type, session_key order by item) as item_number
    from list_items
)

-- The number of pairs grows with the square of a basket: the cap bounds the cost.
select
    item_type,
    basket_type,
    session_key,
    item,
    basket_size,
    item_number
from size_baskets
where basket_size <= {{ var('affinity_max_basket') }}
