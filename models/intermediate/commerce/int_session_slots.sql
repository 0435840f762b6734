{{ config(materialized='incremental', partition_by='event_date') }}

with

events as (select * from {{ ref('int_events') }} where {{ on_changed_dates() }}),

-- What is one session as delivered, before any pause cuts it. A row with neither user nor session is its own.
name_sources as (
    select
        *,
        case
            when has_session then xxhash64(user_id, user_session)
            when user_id != {{ var('null_defaults')['user_id'] }} then xxhash64(user_id)
            else xxhash64(event_key)
        end as delivered_key
    from events
)

-- No two events of a slot are further apart than the timeouts, so no definition cuts within one.
select
    event_date,
    user_id,
    has_session,
    delivered_key,
    floor(unix_seconds(event_time) / {{ 60 * [var('compared_timeout_minutes'), missing_session_timeout()] | min }}) as slot,
    min(event_time) as first_event_at,
    max(event_time) as last_event_at,
    {{ event_counts() }},
    {{ revenue() }} as total_spent,
    max(load_id) as load_id
from name_sources
group by event_date, user_id, has_session, delivered_key, slot
