with

dates as (select * from {{ ref('int_date_coverage') }}),

find_bounds as (
    select
        *,
        min(if(is_delivered, event_date, null)) over () as first_date,
        max(if(is_delivered, event_date, null)) over () as last_date
    from dates
),

assign_periods as (
    select
        find_bounds.event_date,
        find_bounds.is_delivered,
        find_bounds.is_whole,
        find_bounds.last_date,
        kinds.period_type,
        case kinds.period_type
            when 'day' then find_bounds.event_date
            when 'week' then cast(trunc(find_bounds.event_date, 'week') as date)
            when 'month' then cast(trunc(find_bounds.event_date, 'month') as date)
            else find_bounds.first_date
        end as period_start
    from find_bounds
    -- Not stack(): Sail groups by what it gives as if it were one value (docs/how-to/engines.md).
    cross join values ('day'), ('week'), ('month'), ('total') as kinds (period_type)
)

select
    event_date,
    is_delivered,
    is_whole,
    period_type,
    period_start,
    -- The total has the events of all dates, and the bounds of the delivered ones.
    if(period_type = 'total', last_date, max(event_date) over (partition by period_type, period_start)) as period_end
from assign_periods
