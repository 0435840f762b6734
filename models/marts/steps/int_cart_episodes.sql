with

events as (select * from {{ ref('fct_events') }} where event_type in ('cart', 'purchase', 'remove_from_cart')),
coverage as (select * from {{ ref('data_coverage') }}),

-- User -999999 is no person: each of its sessions has a cart of its own.
choose_holders as (
    select
        *,
        if(user_id = {{ var('null_defaults')['user_id'] }}, session_key, 0) as lone_session_key,
        case when event_type = 'cart' then event_time end as cart_at,
        case when event_type = 'purchase' then event_time end as purchased_at,
        case when event_type = 'remove_from_cart' then event_time end as removed_at,
        if(event_type = 'cart', 0, 1) as is_end
    from events
),

-- The ends before its instant number an event: at one instant a cart comes before what ends it.
number_episodes as (
    select
        *,
        sum(is_end) over (partition by user_id, lone_session_key, product_id order by event_time)
        - sum(is_end) over (partition by user_id, lone_session_key, product_id, event_time) as episode_number
    from choose_holders
),

find_last_carts as (
    select
        *,
        max(cart_at) over (partition by user_id, lone_session_key, product_id, episode_number) as last_cart_at
    from number_episodes
),

-- A session has a price here where it has a cart at the last instant of any.
roll_up_sessions as (
    select
        user_id,
        lone_session_key,
        product_id,
        episode_number,
        session_key,
        min(cart_at) as first_cart_at,
        max(last_cart_at) as last_cart_at,
        max(case when cart_at = last_cart_at then price end) as cart_price,
        max(purchased_at) as purchased_at,
        max(removed_at) as removed_at
    from find_last_carts
    where last_cart_at is not null
    group by user_id, lone_session_key, product_id, episode_number, session_key
),

roll_up_episodes as (
    select
        user_id,
        lone_session_key,
        product_id,
        min(first_cart_at) as first_cart_at,
        max(last_cart_at) as last_cart_at,
        max(cart_price) as cart_price,
        max(purchased_at) as purchased_at,
        max(removed_at) as removed_at,
        count_if(cart_price is not null and purchased_at is not null) > 0 as is_same_session
    from roll_up_sessions
    group by user_id, lone_session_key, product_id, episode_number
)

select
    user_id,
    lone_session_key,
    product_id,
    first_cart_at,
    last_cart_at,
    cart_price,
    purchased_at,
    case
        when is_same_session then 'purchased_same_session'
        when purchased_at is not null then 'purchased_later'
        when removed_at is not null then 'removed'
        when last_cart_at + interval {{ var('cart_horizon_days') }} days <= coverage.ends_at then 'abandoned'
        else 'undecided'
    end as outcome
from roll_up_episodes
cross join coverage
