with

combine_states as (
    select
        *,
        struct(brand, category_code, category_id, price) as state
    from {{ ref('int_product_changes') }}
),

mark_changes as (
    select
        *,
        case
            when state = lag(state) over (partition by product_id order by seen_at) then 0
            else 1
        end as is_change
    from combine_states
),

number_intervals as (
    select
        *,
        sum(is_change) over (partition by product_id order by seen_at) as interval_number
    from mark_changes
),

sum_intervals as (
    select
        product_id,
        min(seen_at) as valid_from,
        brand,
        category_code,
        category_id,
        price,
        sum(total_events) as total_events
    from number_intervals
    group by product_id, interval_number, brand, category_code, category_id, price
)

select
    product_id,
    valid_from,
    lead(valid_from) over (partition by product_id order by valid_from) as valid_to,
    brand,
    category_code,
    category_id,
    price,
    lead(valid_from) over (partition by product_id order by valid_from) is null as is_current,
    total_events
from sum_intervals
