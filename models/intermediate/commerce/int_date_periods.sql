with

dates as (select * from {{ ref('int_event_dates') }} where total_rows > 0),

find_first_date as (
    select
        event_date,
        min(event_date) over () as first_date
    from dates
),

assign_periods as (
    select
        find_first_date.event_date,
        kinds.period_type,
        case kinds.period_type
            when 'day' then find_first_date.event_date
            when 'week' then cast(trunc(find_first_date.event_date, 'week') as date)
            when 'month' then cast(trunc(find_first_date.event_date, 'month') as date)
            else find_first_date.first_date
        end as period_start
    from find_first_date
    -- Not stack(): Sail groups by what it gives as if it were one value (docs/engines.md).
    cross join values ('day'), ('week'), ('month'), ('total') as kinds (period_type)
)

select
    event_date,
    period_type,
    period_start,
    max(event_date) over (partition by period_type, period_start) as period_end
from assign_periods
