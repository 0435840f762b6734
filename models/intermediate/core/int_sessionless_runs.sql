{{ config(materialized='incremental', partition_by='event_date') }}

{% set timeout = missing_session_timeout() %}
{% set columns = ['event_date', 'user_id', 'first_event_at', 'last_event_at', 'started_at', 'load_id'] %}

with

events as (select * from {{ ref('int_deduplicated_events') }} where {{ on_changed_dates(of_rows=true) }}),

-- Of each date by itself, so that a load needs to read no other.
mark_starts as (
    select
        *,
        case
            when event_time > lag(event_time) over user_dates + interval {{ timeout }} minutes
                or lag(event_time) over user_dates is null
                then event_time
        end as starts_at
    from events
    where not has_session and user_id != {{ var('null_defaults')['user_id'] }}
    window user_dates as (partition by event_date, user_id order by event_time)
),

number_runs as (
    select
        *,
        max(starts_at) over (partition by event_date, user_id order by event_time) as first_event_at
    from mark_starts
),

roll_up_runs as (
    select
        event_date,
        user_id,
        first_event_at,
        max(event_time) as last_event_at,
        cast(null as timestamp) as started_at,
        max(load_id) as load_id
    from number_runs
    group by event_date, user_id, first_event_at
),

-- Runs of the dates before those that changed: sessions may have begun in them.
unite_runs as (
    select {{ columns | join(', ') }} from roll_up_runs
    union all
    {{ held(columns, in_dates(changed_dates(of_rows=true), 'date_add(event_date, 1)') ~ ' and not (' ~ in_dates(changed_dates(of_rows=true)) ~ ')') }}
),

mark_sessions as (
    select
        *,
        case
            when started_at is not null then started_at
            when first_event_at > lag(last_event_at) over user_runs + interval {{ timeout }} minutes
                or lag(last_event_at) over user_runs is null
                then first_event_at
        end as session_starts_at
    from unite_runs
    window user_runs as (partition by user_id order by first_event_at)
),

name_sessions as (
    select
        *,
        max(session_starts_at) over (partition by user_id order by first_event_at) as session_started_at
    from mark_sessions
)

select
    event_date,
    user_id,
    first_event_at,
    last_event_at,
    session_started_at as started_at,
    load_id
from name_sessions
where started_at is null
