with

session_products as (
    select * from {{ ref('int_session_products') }}
    where ordered_cart_at is not null and product_id != {{ var('null_defaults')['product_id'] }}
),
periods as (select * from {{ ref('int_date_periods') }}),

measure_steps as (
    select
        session_date,
        stack(
            3,
            'view_to_cart', unix_micros(ordered_cart_at) - unix_micros(first_view_at),
            'cart_to_purchase', unix_micros(ordered_purchase_at) - unix_micros(ordered_cart_at),
            'view_to_purchase', unix_micros(ordered_purchase_at) - unix_micros(first_view_at)
        ) as (step, micros)
    from session_products
),

find_quartiles as (
    select
        periods.period_type,
        periods.period_start,
        measure_steps.step,
        count(*) as pairs,
        percentile(measure_steps.micros, array(0.25, 0.5, 0.75)) as quartiles
    from measure_steps
    inner join periods on measure_steps.session_date = periods.event_date
    where measure_steps.micros is not null
    group by periods.period_type, periods.period_start, measure_steps.step
)

select
    period_type,
    period_start,
    step,
    pairs,
    quartiles[0] / 1e6 as q1_seconds,
    quartiles[1] / 1e6 as median_seconds,
    quartiles[2] / 1e6 as q3_seconds
from find_quartiles
