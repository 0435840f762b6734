with

activity as (select * from {{ ref('period_activity') }} where period_type = 'total'),
funnels as (select * from {{ ref('funnels') }} where period_type = 'total'),

add_total_revenue as (
    select
        *,
        max(revenue) over () as total_revenue
    from {{ ref('customer_concentration') }}
),
cohorts as (select * from {{ ref('retention_cohorts') }} where period_number = 1),
carts as (select * from {{ ref('cart_outcomes') }}),
anomalies as (select * from {{ ref('hourly_anomalies') }}),
suspicious as (select * from {{ ref('metrics_without_suspicious') }} where metric_name = 'sessions'),
-- Of files without prices, where they are unknown and not 0.
amounts as (select * from {{ ref('metric_definitions') }} where unit = 'money' and not exists (select 1 from {{ ref('data_coverage') }} where has_prices)),
products as (select * from {{ ref('dim_products') }} where product_id != {{ var('null_defaults')['product_id'] }}),

count_activity as (
    select
        metric_name,
        value,
        value as numerator,
        double(null) as denominator
    from activity
        lateral view stack(
            12,
            'events', double(total_events), 'views', double(total_views), 'carts', double(total_carts),
            'purchases', double(total_purchases), 'unknown_events', double(total_unknown),
            'free_purchases', double(free_purchases), 'revenue', double(revenue), 'users', double(users),
            'buyers', double(buyers), 'sessions', double(sessions), 'anonymous_sessions', double(anonymous_sessions),
            'orders', double(orders)
        ) as metric_name, value
),

count_products as (
    select
        'products' as metric_name,
        double(count(*)) as value,
        double(count(*)) as numerator,
        null as denominator
    from products
),

divide_activity as (
    select
        stack(
            8,
            'anonymous_session_share', 100d * anonymous_sessions / nullif(sessions, 0), double(anonymous_sessions), double(sessions),
            'avg_order_value', double(avg_order_value), double(order_revenue), double(orders),
            'avg_purchase_price', double(avg_purchase_price), double(revenue), double(total_units),
            'revenue_per_buyer', double(revenue_per_buyer), double(buyer_revenue), double(buyers),
            'events_per_user', events_per_user, double(user_events), double(users),
            'sessions_per_user', sessions_per_user, double(user_sessions), double(users),
            'mean_duration_seconds', mean_duration_seconds, mean_duration_seconds * sessions, double(sessions),
            'median_duration_seconds', median_duration_seconds, null, null
        ) as (metric_name, value, numerator, denominator)
    from activity
),

divide_funnels as (
    select
        stack(
            4,
            concat('view_to_cart_', definition), view_to_cart, double(carted), double(viewed),
            concat('cart_to_purchase_', definition), cart_to_purchase, double(purchased), double(carted),
            concat('conversion_', definition), overall, double(converted), double(overall_base),
            if(definition = 'sessions_ordered', 'conversion_sessions_ordered_of_all', null),
            overall_of_all_sessions, double(converted), double(all_sessions)
        ) as (metric_name, value, numerator, denominator)
    from values ('events'), ('sessions_any_order'), ('sessions_ordered'), ('users') as definitions (definition)
    left join funnels using (definition)
),

-- Over all cohorts that are known at this age; a row also where none is.
sum_cohorts as (
    select
        concat('retention_', kinds.period_type, '_1_', kinds.activity) as metric_name,
        double(sum(active_users)) as numerator,
        double(sum(if(active_users is not null, cohort_users, null))) as denominator
    from values ('visit', 'day'), ('visit', 'week'), ('purchase', 'day'), ('purchase', 'week') as kinds (activity, period_type)
    left join cohorts on kinds.activity = cohorts.activity and kinds.period_type = cohorts.period_type
    group by kinds.period_type, kinds.activity
),

rate_cohorts as (
    select
        metric_name,
        100d * numerator / denominator as value,
        numerator,
        denominator
    from sum_cohorts
),

sum_carts as (
    select
        coalesce(sum(case when outcome = 'abandoned' then episodes end), 0) as abandoned,
        coalesce(sum(case when outcome != 'undecided' then episodes end), 0) as decided,
        coalesce(sum(case when outcome = 'abandoned' then cart_value end), 0) as abandoned_value
    from carts
),

rate_carts as (
    select
        stack(
            2,
            'cart_abandonment', 100d * abandoned / nullif(decided, 0), double(abandoned), double(decided),
            'abandoned_value', double(abandoned_value), double(abandoned_value), null
        ) as (metric_name, value, numerator, denominator)
    from sum_carts
),

rate_trust as (
    select
        concat('revenue_share_of_top_', int(top_percent), '_percent') as metric_name,
        revenue_share as value,
        double(revenue) as numerator,
        double(total_revenue) as denominator
    from add_total_revenue
    where top_percent in (1, 5, 10, 20)
    union all
    select
        'gini' as metric_name,
        gini,
        null as numerator,
        null as denominator
    from add_total_revenue
    where top_percent = 100
    union all
    select
        'anomalous_hours' as metric_name,
        double(count_if(is_anomaly)) as value,
        double(count_if(is_anomaly)) as numerator,
        null as denominator
    from anomalies
    union all
    select
        'suspicious_session_share' as metric_name,
        100d * (with_all - without_suspicious) / nullif(with_all, 0) as value,
        with_all - without_suspicious as numerator,
        with_all
    from suspicious
),

unite_metrics as (
    select * from count_activity
    union all
    select * from count_products
    union all
    select * from divide_activity
    union all
    select * from divide_funnels where metric_name is not null
    union all
    select * from rate_cohorts
    union all
    select * from rate_carts
    union all
    select * from rate_trust
)

select
    unite_metrics.metric_name,
    if(amounts.metric_name is null, unite_metrics.value, null) as value,
    if(amounts.metric_name is null, unite_metrics.numerator, null) as numerator,
    unite_metrics.denominator
from unite_metrics
left join amounts on unite_metrics.metric_name = amounts.metric_name
