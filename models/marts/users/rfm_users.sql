with

session_days as (
    select * from {{ ref('int_session_days') }}
    where user_id != {{ var('null_defaults')['user_id'] }} and total_purchases > 0
),
coverage as (select * from {{ ref('data_coverage') }}),
-- Without prices all spend the same: nothing, as far as is known.
segments as (select * from {{ ref('rfm_segments') }} where exists (select 1 from {{ ref('data_coverage') }} where has_prices)),

choose_date as (
    select coalesce({{ date_or_null(var('as_of_date')) }}, last_delivered_date) as as_of_date
    from coverage
),

sum_orders as (
    select
        as_of_date,
        user_id,
        session_key,
        max(event_date) as last_purchase_date,
        {{ money_sum('total_spent') }} as order_value
    from session_days
    inner join choose_date on session_days.event_date <= choose_date.as_of_date
    group by as_of_date, user_id, session_key
),

measure_buyers as (
    select
        user_id,
        as_of_date,
        cast(datediff(as_of_date, max(last_purchase_date)) as bigint) as recency_days,
        count(*) as frequency,
        {{ money_sum('order_value') }} as monetary
    from sum_orders
    group by as_of_date, user_id
),

-- rank() - 1 buyers are strictly worse. Twice these and the equal ones once, oneself among them: no halves are needed.
rank_buyers as (
    select
        *,
        2 * (rank() over (order by recency_days desc) - 1) + count(*) over (partition by recency_days) as recency_place,
        2 * (rank() over (order by frequency) - 1) + count(*) over (partition by frequency) as frequency_place,
        2 * (rank() over (order by monetary) - 1) + count(*) over (partition by monetary) as monetary_place,
        count(*) over () as buyers
    from measure_buyers
),

score_buyers as (
    select
        *,
        cast(1 + 5 * recency_place div (2 * buyers) as int) as recency_score,
        cast(1 + 5 * frequency_place div (2 * buyers) as int) as frequency_score,
        cast(1 + 5 * monetary_place div (2 * buyers) as int) as monetary_score
    from rank_buyers
)

select
    user_id,
    as_of_date,
    recency_days,
    frequency,
    monetary,
    recency_score,
    frequency_score,
    monetary_score,
    segments.rfm_segment
from score_buyers
left join segments
    on recency_score between min_recency_score and max_recency_score
    and frequency_score between min_frequency_score and max_frequency_score
    and monetary_score between min_monetary_score and max_monetary_score
    and buyers >= {{ var('rfm_min_buyers') }}
