{{
    config(
        materialized='incremental',
        incremental_strategy='replace_where',
        partition_by='event_date',
    )
}}

{% set dates = stale_dates(ref('int_events_sessionized')) %}
-- replace where: {{ dates }}

with

events as (

    select * from {{ ref('int_events_sessionized') }} where {{ dates }}

),

rolled_up as (

    select
        event_date,
        session_key,
        user_id,
        session_id,
        min(event_time) as first_event_at,
        max(event_time) as last_event_at,
        {{ event_counts() }},
        {{ revenue() }} as total_spent,
        collect_set(product_id) as product_ids,
        collect_set(category_code) as category_codes,
        max(load_id) as load_id
    from events
    group by event_date, session_key, user_id, session_id

)

select * from rolled_up
{{ distribute_salted('session_key') }}
