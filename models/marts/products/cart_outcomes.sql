with

episodes as (select * from {{ ref('int_cart_episodes') }}),
products as (select * from {{ ref('dim_products') }}),

assign_dates as (
    select
        *,
        cast(first_cart_at as date) as cart_date
    from episodes
),

sum_outcomes as (
    select
        cart_date,
        product_id,
        outcome,
        count(*) as episodes,
        {{ money_sum('cart_price') }} as cart_value,
        coalesce(sum(cast(datediff(purchased_at, cart_date) as bigint)), 0) as days_to_purchase_sum
    from assign_dates
    group by cart_date, product_id, outcome
)

select
    sum_outcomes.cart_date,
    sum_outcomes.product_id,
    products.category_code,
    sum_outcomes.outcome,
    sum_outcomes.episodes,
    sum_outcomes.cart_value,
    sum_outcomes.days_to_purchase_sum
from sum_outcomes
left join products on sum_outcomes.product_id = products.product_id
