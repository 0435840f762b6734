{{ config(materialized='incremental') }}

with

session_days as (select * from {{ ref('int_session_days') }} where {{ on_changed_dates() }})

select
    event_date,
    sum(total_events) as total_events,
    min(first_event_at) as first_event_at,
    max(last_event_at) as last_event_at,
    max(load_id) as load_id
from session_days
group by event_date
