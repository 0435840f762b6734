with

event_days as (select * from {{ ref('int_event_funnel_days') }}),
session_days as (select * from {{ ref('int_session_funnel_days') }}),
periods as (select * from {{ ref('int_date_periods') }}),
period_users as (select * from {{ ref('int_period_users') }}),

unite_days as (
    select
        event_date,
        definition,
        viewed,
        carted,
        purchased,
        `unknown`,
        converted,
        overall_base,
        cast(null as bigint) as all_sessions,
        purchases_without_cart
    from event_days
    union all
    select
        event_date,
        definition,
        viewed,
        carted,
        purchased,
        null as `unknown`,
        converted,
        overall_base,
        all_sessions,
        purchases_without_cart
    from session_days
),

unite_periods as (
    select
        period_type,
        period_start,
        definition,
        sum(viewed) as viewed,
        sum(carted) as carted,
        sum(purchased) as purchased,
        sum(`unknown`) as `unknown`,
        sum(converted) as converted,
        sum(overall_base) as overall_base,
        sum(all_sessions) as all_sessions,
        sum(purchases_without_cart) as purchases_without_cart
    from unite_days
    inner join periods using (event_date)
    group by period_type, period_start, definition
    union all
    select
        period_type,
        period_start,
        'users' as definition,
        users_viewed,
        users_carted,
        users_purchased,
        null as `unknown`,
        buyers,
        users,
        null as all_sessions,
        buyers_without_cart
    from period_users
)

select
    period_type,
    period_start,
    definition,
    viewed,
    carted,
    purchased,
    `unknown`,
    converted,
    overall_base,
    case definition
        when 'events' then 'views'
        when 'sessions_any_order' then 'sessions'
        when 'sessions_ordered' then 'sessions with a view'
        else 'visitors'
    end as denominator,
    100d * carted / nullif(viewed, 0) as view_to_cart,
    100d * purchased / nullif(carted, 0) as cart_to_purchase,
    100d * converted / nullif(overall_base, 0) as overall,
    all_sessions,
    100d * converted / nullif(all_sessions, 0) as overall_of_all_sessions,
    purchases_without_cart
from unite_periods
