with

sessions as (select * from {{ ref('dim_sessions') }} where not is_anonymous),
segments as (select * from {{ ref('user_segments') }} where not is_anonymous),

count_sessions as (
    select
        user_id,
        cast(trunc(session_date, 'week') as date) as week_start,
        count(*) as sessions
    from sessions
    group by user_id, cast(trunc(session_date, 'week') as date)
),

-- Who starts no session in a week stays where they are.
add_up_sessions as (
    select
        *,
        sum(sessions) over (partition by user_id order by week_start) as sessions_after,
        sum(sessions) over (partition by user_id order by week_start) - sessions as sessions_before
    from count_sessions
),

name_segments as (
    select
        add_up_sessions.week_start,
        coalesce(before.user_segment, 'New') as from_segment,
        after.user_segment as to_segment
    from add_up_sessions
    left join segments as before
        on add_up_sessions.sessions_before between before.min_sessions and before.max_sessions
    inner join segments as after
        on add_up_sessions.sessions_after between after.min_sessions and after.max_sessions
)

select
    week_start,
    from_segment,
    to_segment,
    count(*) as users
from name_segments
where from_segment != to_segment
group by week_start, from_segment, to_segment
