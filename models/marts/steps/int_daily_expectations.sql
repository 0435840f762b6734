with

coverage as (select * from {{ ref('int_date_coverage') }}),
sessions as (select * from {{ ref('dim_sessions') }}),
purchases as (select * from {{ ref('daily_event_types') }} where event_type = 'purchase'),
prices as (select * from {{ ref('data_coverage') }}),
settings as (select * from {{ ref('daily_anomaly_settings') }}),

count_sessions as (
    select
        session_date,
        count(*) as sessions,
        count_if(has_purchased) as orders
    from sessions
    group by session_date
),

measure_dates as (
    select
        coverage.event_date,
        settings.*,
        dayofweek(coverage.event_date) as day_of_week,
        case
            when settings.measure = 'revenue' and not prices.has_prices then 'no prices'
            when coverage.is_stray then 'stray date'
            when not coverage.is_whole then 'no whole date'
        end as left_out,
        case settings.measure
            when 'revenue' then coalesce(cast(purchases.total_amount as double), 0d)
            when 'orders' then coalesce(cast(count_sessions.orders as double), 0d)
            when 'conversion' then 100d * count_sessions.orders / nullif(count_sessions.sessions, 0)
        end as observed
    from coverage
    cross join settings
    cross join prices
    left join purchases on coverage.event_date = purchases.event_date
    left join count_sessions on coverage.event_date = count_sessions.session_date
),

-- What the other dates of the weekday had: a date says nothing about itself.
find_medians as (
    select
        measured.measure,
        measured.event_date,
        count(*) as other_dates,
        percentile(others.observed, 0.5) as median_observed
    from measure_dates as measured
    inner join measure_dates as others
        on measured.measure = others.measure
        and measured.day_of_week = others.day_of_week
        and measured.event_date != others.event_date
    where measured.left_out is null and others.left_out is null and others.observed is not null
    group by measured.measure, measured.event_date
)

select
    event_date,
    measure,
    threshold,
    min_scale,
    min_other_dates,
    left_out,
    observed,
    coalesce(other_dates, 0) as other_dates,
    case when other_dates >= min_other_dates then median_observed end as expected,
    case when other_dates >= min_other_dates then observed / nullif(median_observed, 0d) - 1 end as distance
from measure_dates
left join find_medians using (measure, event_date)
