{% set by_inactivity = var('session_source') == 'inactivity' %}
{% set timeout = session_timeout() %}

with

events as (select * from {{ ref('int_events') }}),

-- Whom pauses are looked for in; user -999999 is no person and keeps delivered sessions.
choose_sources as (
    select
        *,
        {{ by_inactivity }} and user_id = {{ var('null_defaults')['user_id'] }} as is_whole,
        if({{ by_inactivity }} and user_id != {{ var('null_defaults')['user_id'] }}, cast(user_id as string), user_session)
            as session_source
    from events
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
    window user_source as (partition by user_id, session_source order by event_time)
),

-- Without a timeout nothing is read of these windows, and engines leave them out.
name_sessions as (
    select
        *,
        case
            when {{ timeout is none }} or is_whole then session_source
            -- Events of one instant are peers of the range, so all of them see the same start.
            else concat(session_source, '@', unix_seconds(max(started_at) over user_source))
        end as session_id,
        -- One event can move the cuts of any date, so a load makes all of them stale.
        if({{ timeout is none }}, load_id, (select max(load_id) from events)) as version
    from mark_starts
    window user_source as (partition by user_id, session_source order by event_time)
)

select
    event_date,
    event_key,
    event_time,
    event_type,
    product_id,
    category_id,
    category_code,
    brand,
    price,
    user_id,
    user_session,
    session_id,
    xxhash64(user_id, session_id) as session_key,
    row_load_id,
    version as load_id
from name_sessions
