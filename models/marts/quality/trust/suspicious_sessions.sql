with

sessions as (select * from {{ ref('dim_sessions') }}),
rules as (select * from {{ ref('suspicion_rules') }}),

-- Cut sessions carry their start behind the delivered id; by inactivity none is left of it.
find_delivered_ids as (
    select
        *,
        case
            when {{ var('session_source') == 'inactivity' }} then null
            when {{ session_timeout() is not none }} then regexp_replace(session_id, '@-?[0-9]+$', '')
            else session_id
        end as delivered_id
    from sessions
),

find_shared_ids as (
    select
        delivered_id,
        count(distinct user_id) as persons
    from find_delivered_ids
    where not is_anonymous
    group by delivered_id
    having count(distinct user_id) > 1
),

measure_sessions as (
    select
        delivered.*,
        stack(
            4,
            'machine_rate', 60d * delivered.total_events / greatest(delivered.duration_seconds, 1),
            'lasts_over_28_days', delivered.duration_seconds / 86400d,
            'shared_id', cast(shared.persons as double),
            'many_events', cast(delivered.total_events as double)
        ) as (rule, value)
    from find_delivered_ids as delivered
    left join find_shared_ids as shared on delivered.delivered_id = shared.delivered_id
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
