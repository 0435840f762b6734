with

mark_anonymous as (
    select
        *,
        user_id = {{ var('null_defaults')['user_id'] }} as is_anonymous
    from {{ ref('int_session_slots') }}
),
definitions as (select * from {{ ref('session_definitions') }}),

-- A stream is what pauses are looked for in; user -999999 keeps delivered sessions. Rows without one are always cut.
assign_streams as (
    select
        mark_anonymous.*,
        definitions.session_definition,
        if(definitions.by_inactivity and not is_anonymous, user_id, delivered_key) as stream,
        (definitions.is_cut or not has_session) and not (definitions.by_inactivity and is_anonymous) as is_cut,
        if(
            has_session or definitions.by_inactivity,
            interval {{ var('compared_timeout_minutes') }} minutes, interval {{ missing_session_timeout() }} minutes
        ) as longest_pause
    from mark_anonymous
    cross join definitions
),

mark_cuts as (
    select
        *,
        is_cut and first_event_at > max(last_event_at) over (
            partition by session_definition, user_id, stream
            order by first_event_at
            rows between unbounded preceding and 1 preceding
        ) + longest_pause as is_start
    from assign_streams
),

number_sessions as (
    select
        *,
        count_if(is_start) over (
            partition by session_definition, user_id, stream
            order by first_event_at
        ) as session_number
    from mark_cuts
),

roll_up_sessions as (
    select
        session_definition,
        timestampdiff(second, min(first_event_at), max(last_event_at)) as duration_seconds,
        sum(total_events) as total_events,
        sum(total_purchases) > 0 as is_order,
        sum(total_spent) as total_spent
    from number_sessions
    group by session_definition, user_id, stream, session_number
)

select
    session_definition,
    count(*) as sessions,
    count_if(is_order) as orders,
    100d * count_if(is_order) / count(*) as order_conversion,
    avg(duration_seconds) as mean_duration_seconds,
    percentile(duration_seconds, 0.5) as median_duration_seconds,
    avg(total_events) as mean_events,
    cast(round(sum(total_spent) / nullif(count_if(is_order), 0), 2) as decimal(18, 2)) as avg_order_value
from roll_up_sessions
group by session_definition
