{{ config(materialized='incremental', partition_by='event_date') }}

with

session_days as (select * from {{ ref('int_session_days') }} where {{ on_changed_dates() }})

select
    event_date,
    user_id,
    count(*) as total_sessions,
    {{ summed_counts() }},
    {{ money_sum('total_spent') }} as total_spent,
    max(load_id) as load_id
from session_days
group by event_date, user_id
