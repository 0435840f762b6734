-- Which products are looked at most?
select
    product_id,
    brand,
    category_code,
    total_views,
    total_purchases
from {{ ref('dim_products') }}
where product_id != {{ var('null_defaults')['product_id'] }}
order by total_views desc, product_id asc
limit 5
