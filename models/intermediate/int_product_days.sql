{{
    config(
        materialized='incremental',
        incremental_strategy='replace_where',
        partition_by='event_date',
    )
}}

{% set dates = changed_dates(ref('stg_event_dates')) %}
-- replace where: {{ dates }}

with

events as (

    select * from {{ ref('stg_events') }} where {{ dates }}

),

rolled_up as (

    select
        event_date,
        product_id,
        -- The order of the fields is the contract's order of "latest".
        max(
            struct(event_time, user_session, category_id, category_code, brand, event_type, user_id, price)
        ) as latest_event,
        {{ money_sum('price') }} as total_price,
        {{ event_counts() }},
        {{ revenue() }} as total_revenue,
        max(load_id) as load_id
    from events
    group by event_date, product_id

)

select * from rolled_up
