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

session_days as (

    select * from {{ ref('int_session_days') }} where {{ dates }}

),

rolled_up as (

    select
        event_date,
        user_id,
        count(*) as total_sessions,
        {{ summed_counts() }},
        {{ money_sum('total_spent') }} as total_spent,
        max(load_id) as load_id
    from session_days
    group by event_date, user_id

)

select * from rolled_up
