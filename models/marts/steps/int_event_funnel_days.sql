with

session_days as (select * from {{ ref('int_session_days') }}),
purchases as (select * from {{ ref('fct_events') }} where event_type = 'purchase'),
carted_products as (select * from {{ ref('int_session_products') }} where first_cart_at is not null),

count_events as (
    select
        event_date,
        sum(total_views) as viewed,
        sum(total_carts) as carted,
        sum(total_purchases) as purchased,
        sum(total_unknown) as `unknown`
    from session_days
    group by event_date
),

count_purchases_without_cart as (
    select
        purchases.event_date,
        count(*) as purchases_without_cart
    from purchases
    left anti join carted_products
        on purchases.session_key = carted_products.session_key and purchases.product_id = carted_products.product_id
    group by purchases.event_date
)

select
    event_date,
    'events' as definition,
    viewed,
    carted,
    purchased,
    `unknown`,
    viewed as overall_base,
    coalesce(purchases_without_cart, 0) as purchases_without_cart
from count_events
left join count_purchases_without_cart using (event_date)
