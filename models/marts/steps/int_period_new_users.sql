with

users as (select * from {{ ref('dim_users') }} where not is_anonymous),
periods as (select * from {{ ref('int_date_periods') }}),

count_first_seen as (
    select
        cast(first_seen_at as date) as event_date,
        count(*) as new_users
    from users
    group by cast(first_seen_at as date)
)

select
    period_type,
    period_start,
    sum(new_users) as new_users
from count_first_seen
inner join periods using (event_date)
group by period_type, period_start
