with

dates as (

    select event_date from {{ ref('stg_event_dates') }} where total_rows > 0

),

bounded as (

    select
        event_date,
        min(event_date) over () as first_date
    from dates

),

assigned as (

    select
        event_date,
        stack(
            4,
            'day', event_date,
            'week', cast(trunc(event_date, 'week') as date),
            'month', cast(trunc(event_date, 'month') as date),
            'total', first_date
        ) as (period_type, period_start)
    from bounded

)

select
    event_date,
    period_type,
    period_start,
    max(event_date) over (partition by period_type, period_start) as period_end
from assigned
