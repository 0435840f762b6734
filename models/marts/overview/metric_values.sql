with

definitions as (select * from {{ ref('metric_definitions') }}),
coverage as (select * from {{ ref('data_coverage') }}),
activity as (select * from {{ ref('period_activity') }} where period_type = 'total'),
funnels as (select * from {{ ref('funnels') }} where period_type = 'total'),
concentration as (select * from {{ ref('customer_concentration') }}),
cohorts as (select * from {{ ref('retention_cohorts') }} where period_number = 1 and active_users is not null),
carts as (select * from {{ ref('cart_outcomes') }}),
anomalies as (select * from {{ ref('hourly_anomalies') }} where is_anomaly),
suspicious as (select * from {{ ref('metrics_without_suspicious') }} where metric_name = 'sessions'),
products as (select * from {{ ref('dim_products') }} where product_id != {{ var('null_defaults')['product_id'] }}),

sum_carts as (
    select
        sum(if(outcome = 'abandoned', episodes, 0)) as abandoned,
        sum(if(outcome != 'undecided', episodes, 0)) as decided,
        sum(if(outcome = 'abandoned', cart_value, 0)) as abandoned_value
    from carts
),

add_all_dates as (
    select
        activity.*,
        100d * anonymous_sessions / nullif(sessions, 0) as anonymous_session_share,
        mean_duration_seconds * sessions as session_seconds,
        (select count(*) from products) as products,
        (select count(*) from anomalies) as anomalous_hours,
        coalesce(abandoned, 0) as abandoned,
        coalesce(decided, 0) as decided,
        coalesce(abandoned_value, 0) as abandoned_value,
        100d * abandoned / nullif(decided, 0) as cart_abandonment,
        with_all as all_sessions,
        with_all - without_suspicious as suspicious_sessions,
        100d * (with_all - without_suspicious) / nullif(with_all, 0) as suspicious_session_share
    from sum_carts
    cross join suspicious
    cross join activity
),

-- Over all cohorts that are known at this age.
sum_cohorts as (
    select
        concat(period_type, ' ', activity) as source_row,
        sum(active_users) as active_users,
        sum(cohort_users) as cohort_users,
        100d * sum(active_users) / sum(cohort_users) as retention
    from cohorts
    group by period_type, activity
),

add_total_revenue as (
    select
        *,
        max(revenue) over () as total_revenue
    from concentration
),

-- The rows that `source_row` of a definition can name, their figures by name of column.
name_rows as (
    select
        'all' as source_row,
        to_json(struct(*)) as figures
    from add_all_dates
    union all
    select
        definition as source_row,
        to_json(struct(*)) as figures
    from funnels
    union all
    select
        source_row,
        to_json(struct(*)) as figures
    from sum_cohorts
    union all
    select
        concat('top ', int(top_percent)) as source_row,
        to_json(struct(*)) as figures
    from add_total_revenue
)

select
    metric_name,
    -- Of files without prices, where amounts are unknown and not 0.
    if(unit = 'money' and not has_prices, null, double(get_json_object(figures, concat('$.', source_column)))) as value,
    if(unit = 'money' and not has_prices, null, double(get_json_object(figures, concat('$.', numerator_column)))) as numerator,
    double(get_json_object(figures, concat('$.', denominator_column))) as denominator
from definitions
cross join coverage
left join name_rows using (source_row)
