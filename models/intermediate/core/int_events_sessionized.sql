{% set by_inactivity = var('session_source') == 'inactivity' %}
{% set timeout = session_timeout() %}
{% set nobody = var('null_defaults')['user_id'] %}

with

events as (select * from {{ ref('int_deduplicated_events') }}),
runs as (select * from {{ ref('int_sessionless_runs') }}),

choose_sources as (
    select
        events.*,
        if({{ by_inactivity }} and events.user_id != {{ nobody }}, cast(events.user_id as string), events.user_session)
            as session_source,
        -- Sessions that no timeout cuts. User -999999 is no person: each of its rows without a session is its own.
        case
            when {{ by_inactivity }} and events.user_id != {{ nobody }} then null
            when not events.has_session and events.user_id = {{ nobody }} then concat(events.user_session, '@', events.event_key)
            when not events.has_session then concat(events.user_session, '@', unix_seconds(runs.started_at))
            when {{ by_inactivity or timeout is none }} then events.user_session
        end as whole_id
    from events
    left join runs
        on not events.has_session
        and events.event_date = runs.event_date
        and events.user_id = runs.user_id
        and events.event_time between runs.first_event_at and runs.last_event_at
),

mark_starts as (
    select
        *,
        case
            when event_time > lag(event_time) over user_source + interval {{ timeout or 0 }} minutes
                or lag(event_time) over user_source is null
                then event_time
        end as started_at
    from choose_sources
    window user_source as (partition by user_id, session_source, whole_id is null order by event_time)
),

-- Without a timeout nothing is read of these windows, and engines leave them out.
name_sessions as (
    select
        *,
        case
            when {{ timeout is none }} or whole_id is not null then whole_id
            -- Events of one instant are peers of the range, so all of them see the same start.
            else concat(session_source, '@', unix_seconds(max(started_at) over user_source))
        end as session_id,
        -- One event can move the cuts of any date, so a load makes all of them stale.
        if({{ timeout is none }}, load_id, (select max(load_id) from events)) as version
    from mark_starts
    window user_source as (partition by user_id, session_source, whole_id is null order by event_time)
)

select
    event_date,
    event_key,
    file_key,
    row_number,
    event_time,
    event_type,
    product_id,
    category_id,
    category_code,
    brand,
    price,
    quantity,
    user_id,
    user_session,
    session_id,
    xxhash64(user_id, session_id) as session_key,
    row_load_id,
    version as load_id
from name_sessions
