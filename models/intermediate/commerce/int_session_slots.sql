{{ config(materialized='incremental', partition_by='event_date') }}

with

events as (select * from {{ ref('int_events') }} where {{ on_changed_dates() }})

-- No two events of a slot are further apart than the timeout, so no definition cuts within one.
select
    event_date,
    user_id,
    xxhash64(user_id, user_session) as delivered_key,
    floor(unix_seconds(event_time) / (60 * {{ var('compared_timeout_minutes') }})) as slot,
    min(event_time) as first_event_at,
    max(event_time) as last_event_at,
    {{ event_counts() }},
    {{ revenue() }} as total_spent,
    max(load_id) as load_id
from events
group by event_date, user_id, xxhash64(user_id, user_session), slot
