with

dates as (

    select event_date from {{ ref('int_event_dates') }} where total_rows > 0

),

bounded as (

    select
        event_date,
        min(event_date) over () as first_date
    from dates

),

assigned as (

    select
        bounded.event_date,
        kinds.period_type,
        case kinds.period_type
            when 'day' then bounded.event_date
            when 'week' then cast(trunc(bounded.event_date, 'week') as date)
            when 'month' then cast(trunc(bounded.event_date, 'month') as date)
            else bounded.first_date
        end as period_start
    from bounded
    -- Not stack(): Sail groups by what it gives as if it were one value (docs/engines.md).
    cross join values ('day'), ('week'), ('month'), ('total') as kinds (period_type)

)

select
    event_date,
    period_type,
    period_start,
    max(event_date) over (partition by period_type, period_start) as period_end
from assigned
