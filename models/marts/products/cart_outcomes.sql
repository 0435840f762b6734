with

session_products as (select * from {{ ref('int_session_products') }}),
products as (select * from {{ ref('dim_products') }}),

choose_carts as (
    select
        *,
        cast(first_cart_at as date) as cart_date
    from session_products
    where total_carts > 0
),

-- The other session may have bought it before the cart, too. A purchase at the instant of the cart came after it.
find_later_purchases as (
    select
        choose_carts.session_key,
        choose_carts.product_id,
        min(array_min(filter(later.purchase_times, bought_at -> bought_at >= choose_carts.first_cart_at))) as purchased_later_at
    from choose_carts
    inner join session_products as later
        on choose_carts.user_id = later.user_id
        and choose_carts.product_id = later.product_id
        and choose_carts.session_key != later.session_key
        and choose_carts.first_cart_at <= later.last_purchase_at
    where choose_carts.user_id != {{ var('null_defaults')['user_id'] }}
    group by choose_carts.session_key, choose_carts.product_id
),

decide_outcomes as (
    select
        choose_carts.*,
        purchased_later_at,
        case
            when last_purchase_at >= first_cart_at then 'same session'
            when purchased_later_at is not null then 'later'
            else 'abandoned'
        end as outcome
    from choose_carts
    left join find_later_purchases as later
        on choose_carts.session_key = later.session_key and choose_carts.product_id = later.product_id
),

sum_outcomes as (
    select
        cart_date,
        product_id,
        count(*) as carted,
        count_if(outcome = 'same session') as purchased_same_session,
        count_if(outcome = 'later') as purchased_later,
        count_if(outcome = 'abandoned') as abandoned,
        {{ money_sum("case when outcome = 'abandoned' then cart_price else 0 end") }} as abandoned_value,
        coalesce(sum(
            case when outcome = 'later' then cast(datediff(purchased_later_at, cart_date) as bigint) end
        ), 0) as days_to_purchase_sum,
        {{ money_sum('cart_price') }} as cart_value
    from decide_outcomes
    group by cart_date, product_id
)

select
    sum_outcomes.cart_date,
    sum_outcomes.product_id,
    products.category_code,
    sum_outcomes.carted,
    sum_outcomes.purchased_same_session,
    sum_outcomes.purchased_later,
    sum_outcomes.abandoned,
    sum_outcomes.abandoned_value,
    sum_outcomes.days_to_purchase_sum,
    sum_outcomes.cart_value
from sum_outcomes
left join products on sum_outcomes.product_id = products.product_id
