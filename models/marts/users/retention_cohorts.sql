with

cohort_periods as (select * from {{ ref('int_cohort_periods') }}),
dates as (select * from {{ ref('int_date_coverage') }} where is_whole),

make_cells as (
    select
        activity,
        period_type,
        days,
        cohort_start,
        users as cohort_users,
        explode(sequence(0, if(
            period_type = 'day', {{ var('retention_periods')['day'] }}, {{ var('retention_periods')['week'] }}
        ))) as period_number
    from cohort_periods
    where period_number = 0
),

-- Only a day or week that lies on whole dates is known: 0 there, null elsewhere.
find_known_periods as (
    select
        'day' as period_type,
        event_date as period_start
    from dates
    union all
    select
        'week' as period_type,
        cast(trunc(event_date, 'week') as date) as period_start
    from dates
    group by trunc(event_date, 'week')
    having count(*) = 7
),

fill_cells as (
    select
        cells.*,
        case when known.period_start is not null then coalesce(cohort_periods.users, 0) end as active_users
    from make_cells as cells
    left join cohort_periods
        on cells.activity = cohort_periods.activity and cells.period_type = cohort_periods.period_type
        and cells.cohort_start = cohort_periods.cohort_start and cells.period_number = cohort_periods.period_number
    left join find_known_periods as known
        on cells.period_type = known.period_type and date_add(cells.cohort_start, cells.period_number * cells.days) = known.period_start
)

select
    activity,
    period_type,
    cohort_start,
    period_number,
    cohort_users,
    active_users,
    100d * active_users / cohort_users as retention
from fill_cells
