with

sessions as (select * from {{ ref('dim_sessions') }} where session_date < cast(session_end as date) and not is_anonymous),
session_days as (select * from {{ ref('int_session_days') }}),
periods as (select * from {{ ref('int_date_periods') }}),

-- Few sessions have events on two dates: only these are looked for in periods.
count_days as (
    select
        periods.period_type,
        periods.period_start,
        session_days.session_key,
        count(*) as days
    from session_days
    left semi join sessions on session_days.session_key = sessions.session_key
    inner join periods on session_days.event_date = periods.event_date
    group by periods.period_type, periods.period_start, session_days.session_key
)

select
    period_type,
    period_start,
    sum(days - 1) as further_days
from count_days
group by period_type, period_start
