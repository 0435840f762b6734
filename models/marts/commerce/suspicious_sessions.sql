{{ config(materialized='table') }}

with

sessions as (

    select * from {{ ref('dim_sessions') }}

),

rules as (

    select * from {{ ref('suspicion_rules') }}

),

find_shared_ids as (

    select
        session_id,
        count_if(not is_anonymous) as persons
    from sessions
    group by session_id
    having count_if(not is_anonymous) > 1

),

measure_sessions as (

    select
        sessions.*,
        stack(
            4,
            'machine_rate', 60d * sessions.total_events / greatest(sessions.duration_seconds, 1),
            'months_long', sessions.duration_seconds / 86400d,
            'shared_id', cast(find_shared_ids.persons as double),
            'many_events', cast(sessions.total_events as double)
        ) as (rule, value)
    from sessions
    left join find_shared_ids on sessions.session_id = find_shared_ids.session_id

)

select
    measured.session_key,
    measured.rule,
    measured.user_id,
    measured.session_id,
    measured.session_date,
    measured.total_events,
    measured.total_spent,
    measured.value,
    rules.threshold
from measure_sessions as measured
inner join rules
    on measured.rule = rules.rule
    and measured.value >= rules.threshold
    and measured.total_events >= rules.min_events
