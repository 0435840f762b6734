{% set by_inactivity = var('session_source') == 'inactivity' %}
{% set timeout = session_timeout() %}
{% set anonymous = var('null_defaults')['user_id'] %}

with

events as (

    select * from {{ ref('stg_events') }}

),
{% if timeout == 'none' %}
identified as (

    select
        *,
        user_session as session_id,
        load_id as version
    from events

)
{% else %}
sourced as (

    select
        *,
        {% if by_inactivity -%}
        case when user_id = {{ anonymous }} then user_session else cast(user_id as string) end as session_source,
        user_id != {{ anonymous }} as is_cut
        {%- else -%}
        user_session as session_source,
        true as is_cut
        {%- endif %}
    from events

),

marked as (

    select
        *,
        case
            when event_time > lag(event_time) over ({{ user_session_window() }}) + interval {{ timeout }} minutes
                or lag(event_time) over ({{ user_session_window() }}) is null
                then event_time
        end as started_at
    from sourced

),

identified as (

    select
        *,
        case
            -- Events of one instant are peers of the range, so all of them see the same start.
            when is_cut then concat(session_source, '@', unix_seconds(max(started_at) over ({{ user_session_window() }})))
            else session_source
        end as session_id,
        -- One event can move the cuts of any date, so a load makes all of them stale.
        (select max(load_id) from events) as version
    from marked

)
{% endif %}
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
from identified
