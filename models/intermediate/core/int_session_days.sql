with

session_days as (select * from {{ ref('int_all_session_days') }}),
collided_sessions as (select * from {{ ref('int_collided_sessions') }}),

drop_collided as (
    select session_days.*
    from session_days
    left anti join collided_sessions
        on session_days.session_key = collided_sessions.session_key
        and collided_sessions.is_collided
)

select
    event_date,
    session_key,
    user_id,
    session_id,
    first_event_at,
    last_event_at,
    {{ counts() }},
    total_spent,
    first_load_id,
    last_load_id,
    {{ load_with_collisions() }} as load_id
from drop_collided
