with

products as (select * from {{ ref('dim_products') }} where product_id != {{ var('null_defaults')['product_id'] }}),
bands as (select * from {{ ref('relative_bands') }}),

-- rank() - 1 products of the category are cheaper, so that equal prices are in one quarter.
find_quarters as (
    select
        *,
        case
            when category_code = '{{ var('null_defaults')['category_code'] }}' then -1
            when count(*) over (partition by category_code) >= {{ var('relative_band_min_products') }}
                then 1 + 4 * (rank() over (partition by category_code order by avg_price) - 1)
                    div count(*) over (partition by category_code)
            else 0
        end as quarter
    from products
),

sum_bands as (
    select
        category_code,
        quarter,
        count(*) as products,
        {{ summed_counts() }},
        {{ money_sum('total_revenue') }} as revenue
    from find_quarters
    group by category_code, quarter
)

select
    sum_bands.category_code,
    bands.relative_band,
    bands.band_order,
    sum_bands.products,
    {{ counts('sum_bands') }},
    sum_bands.revenue,
    100d * sum_bands.total_purchases / nullif(sum_bands.total_views, 0) as conversion
from sum_bands
inner join bands on sum_bands.quarter = bands.quarter
