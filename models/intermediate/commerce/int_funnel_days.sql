with

session_days as (

    select * from {{ ref('int_session_days') }}

),

purchases as (

    select * from {{ ref('fct_events') }} where event_type = 'purchase'

),

sessions as (

    select * from {{ ref('dim_sessions') }}

),

session_products as (

    select * from {{ ref('int_session_products') }}

),

count_events as (

    select
        event_date,
        sum(total_views) as viewed,
        sum(total_carts) as carted,
        sum(total_purchases) as purchased,
        sum(total_unknown) as unknown
    from session_days
    group by event_date

),

count_purchases_without_cart as (

    select
        purchases.event_date,
        count(*) as purchases_without_cart
    from purchases
    left anti join session_products
        on purchases.session_key = session_products.session_key
        and purchases.product_id = session_products.product_id
        and session_products.total_carts > 0
    group by purchases.event_date

),

count_sessions as (

    select
        session_date,
        count(*) as sessions,
        count_if(total_views > 0) as viewed,
        count_if(total_carts > 0) as carted,
        count_if(total_purchases > 0) as purchased,
        count_if(total_purchases > 0 and total_carts = 0) as purchases_without_cart
    from sessions
    group by session_date

),

mark_sessions as (

    select
        session_date,
        session_key,
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
        session_date,
        count_if(has_carted) as carted,
        count_if(has_purchased) as purchased,
        count_if(has_purchased_without_cart) as purchases_without_cart
    from mark_sessions
    group by session_date

)

select
    event_date,
    'events' as definition,
    viewed,
    carted,
    purchased,
    unknown,
    viewed as overall_base,
    coalesce(purchases_without_cart, 0) as purchases_without_cart
from count_events
left join count_purchases_without_cart using (event_date)
union all
select session_date, 'sessions_any_order', viewed, carted, purchased, null, sessions, purchases_without_cart
from count_sessions
union all
select
    session_date,
    'sessions_ordered',
    count_sessions.viewed,
    coalesce(ordered.carted, 0),
    coalesce(ordered.purchased, 0),
    null,
    count_sessions.viewed,
    coalesce(ordered.purchases_without_cart, 0)
from count_sessions
left join count_ordered_sessions as ordered using (session_date)
