{{
    config(
        materialized='incremental',
        partition_by='event_date',
        tblproperties={'delta.dataSkippingStatsColumns': 'load_id'},
    )
}}

with

events as (select * from {{ ref('int_events_sessionized') }} where {{ on_changed_dates(of_rows=true) }})

select
    event_date,
    session_key,
    user_id,
    session_id,
    min(event_time) as first_event_at,
    max(event_time) as last_event_at,
    {{ event_counts() }},
    {{ revenue() }} as total_spent,
    min(row_load_id) as first_load_id,
    max(row_load_id) as last_load_id,
    max(load_id) as load_id
from events
group by event_date, session_key, user_id, session_id
-- One file a date, not one of each task (docs/decisions/one-file-a-date.md).
{{ distribute_by('event_date') }}
