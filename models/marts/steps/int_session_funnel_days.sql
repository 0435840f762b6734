with

sessions as (select * from {{ ref('dim_sessions') }}),
session_products as (
    select * from {{ ref('int_session_products') }} where product_id != {{ var('null_defaults')['product_id'] }}
),

count_sessions as (
    select
        session_date as event_date,
        count(*) as sessions,
        count_if(total_views > 0) as viewed,
        count_if(total_views > 0 and total_carts > 0) as carted,
        count_if(total_views > 0 and total_carts > 0 and total_purchases > 0) as purchased,
        count_if(total_purchases > 0) as converted,
        count_if(total_purchases > 0 and total_carts = 0) as purchases_without_cart
    from sessions
    group by session_date
),

mark_ordered_steps as (
    select
        session_date as event_date,
        count(ordered_cart_at) > 0 as has_carted,
        count(ordered_purchase_at) > 0 as has_purchased,
        -- Some product was bought before it was carted, or never carted.
        count_if(total_purchases > 0 and not coalesce(first_cart_at <= first_purchase_at, false)) > 0
            as has_purchased_without_cart
    from session_products
    group by session_date, session_key
),

count_ordered_sessions as (
    select
        event_date,
        count_if(has_carted) as carted,
        count_if(has_purchased) as purchased,
        count_if(has_purchased_without_cart) as purchases_without_cart
    from mark_ordered_steps
    group by event_date
)

select
    event_date,
    'sessions_any_order' as definition,
    viewed,
    carted,
    purchased,
    converted,
    sessions as overall_base,
    sessions as all_sessions,
    purchases_without_cart
from count_sessions
union all
select
    event_date,
    'sessions_ordered' as definition,
    count_sessions.viewed,
    coalesce(ordered.carted, 0) as carted,
    coalesce(ordered.purchased, 0) as purchased,
    coalesce(ordered.purchased, 0) as converted,
    count_sessions.viewed as overall_base,
    count_sessions.sessions as all_sessions,
    coalesce(ordered.purchases_without_cart, 0) as purchases_without_cart
from count_sessions
left join count_ordered_sessions as ordered using (event_date)
