with

changes as (select * from {{ ref('int_product_changes') }}),

-- A value that was not delivered is the last one that was; null before the first.
fill_values as (
    select
        product_id,
        seen_at,
        last_value(brand) ignore nulls over so_far as brand,
        last_value(category_code) ignore nulls over so_far as category_code,
        last_value(category_id) ignore nulls over so_far as category_id,
        last_value(price) ignore nulls over so_far as price,
        total_events
    from changes
    window so_far as (partition by product_id order by seen_at rows between unbounded preceding and current row)
),

-- Nulls equal nothing, so here stand values that cannot occur.
combine_states as (
    select
        *,
        struct(coalesce(brand, ''), coalesce(category_code, ''), coalesce(category_id, -1), coalesce(price, -1)) as state
    from fill_values
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
