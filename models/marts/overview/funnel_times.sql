{{ config(materialized='table') }}

with

session_products as (

    select * from {{ ref('int_session_products') }} where ordered_cart_at is not null

),

periods as (

    select * from {{ ref('int_date_periods') }}

),

measured as (

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

rolled_up as (

    select
        periods.period_type,
        periods.period_start,
        measured.step,
        count(*) as pairs,
        percentile(measured.micros, array(0.25, 0.5, 0.75)) as quartiles
    from measured
    inner join periods on measured.session_date = periods.event_date
    where measured.micros is not null
    group by periods.period_type, periods.period_start, measured.step

)

select
    period_type,
    period_start,
    step,
    pairs,
    quartiles[0] / 1e6 as q1_seconds,
    quartiles[1] / 1e6 as median_seconds,
    quartiles[2] / 1e6 as q3_seconds
from rolled_up
