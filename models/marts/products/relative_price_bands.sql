with

products as (select * from {{ ref('dim_products') }} where product_id != {{ var('null_defaults')['product_id'] }}),
bands as (select * from {{ ref('relative_bands') }}),

-- The mean as whole cents and the rest: one number would take two close means for one.
measure_prices as (
    select
        *,
        priced_events > 0 as is_priced,
        cast(100 * total_price as bigint) div greatest(priced_events, 1) as whole_cents,
        cast(100 * total_price as bigint) % greatest(priced_events, 1) / cast(greatest(priced_events, 1) as double) as rest
    from products
),

-- rank() - 1 products of the category are cheaper, so that equal prices are in one quarter.
find_quarters as (
    select
        *,
        case
            when category_code = '{{ var('null_defaults')['category_code'] }}' then -1
            when not is_priced then -2
            when count(*) over (partition by category_code, is_priced) >= {{ var('relative_band_min_products') }}
                then 1 + 4 * (rank() over (partition by category_code, is_priced order by whole_cents, rest) - 1)
                    div count(*) over (partition by category_code, is_priced)
            else 0
        end as quarter
    from measure_prices
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
