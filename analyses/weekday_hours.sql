-- What does a usual week look like? Means over the hours of delivered dates that lie wholly within the data.
with

hours as (select * from {{ ref('dim_time') }}),
dates as (select * from {{ ref('event_dates') }} where is_delivered),
coverage as (select * from {{ ref('data_coverage') }}),
activity as (select * from {{ ref('hourly_activity') }}),

-- Of an hour in which the data begins or ends nobody knows the rest.
choose_hours as (
    select hours.*
    from hours
    inner join dates on hours.event_date = dates.event_date
    cross join coverage
    where not (hours.event_date = coverage.first_delivered_date and hours.event_hour < (
            hour(coverage.begins_at) + case when coverage.begins_at > date_trunc('hour', coverage.begins_at) then 1 else 0 end
        ))
        and not (hours.event_date = coverage.last_delivered_date and hours.event_hour >= hour(coverage.ends_at))
)

select
    choose_hours.day_of_week,
    choose_hours.day_name,
    choose_hours.event_hour,
    count(*) as hours_in_data,
    1.0 * sum(coalesce(activity.total_events, 0)) / count(*) as mean_events,
    sum(coalesce(activity.revenue, 0)) / count(*) as mean_revenue
from choose_hours
left join activity
    on choose_hours.event_date = activity.event_date and choose_hours.event_hour = activity.event_hour
group by choose_hours.day_of_week, choose_hours.day_name, choose_hours.event_hour
order by choose_hours.day_of_week, choose_hours.event_hour
