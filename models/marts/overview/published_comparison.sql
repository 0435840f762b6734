with

figures as (select * from {{ ref('published_figures') }}),
metrics as (select * from {{ ref('metric_values') }}),
ledger as (select * from {{ ref('row_ledger') }}),
hours as (select * from {{ ref('dim_time') }}),
users as (select * from {{ ref('dim_users') }} where not is_anonymous),
sessions as (select * from {{ ref('dim_sessions') }}),
hourly_activity as (select * from {{ ref('hourly_activity') }}),
categories_brands as (select * from {{ ref('daily_categories_brands') }}),
segments as (select * from {{ ref('segment_value') }}),

count_rows as (
    select
        (select sum(rows_read) from ledger) as rows_landed,
        (select count(*) from (select session_id from sessions group by session_id) as ids) as session_ids,
        count(*) as hours
    from hours
),

find_top_spender as (
    select * from users order by total_spent desc, user_id asc limit 1
),

rate_unknown as (
    select
        100d * sum(if(brand = lower('{{ var('null_defaults')['brand'] }}'), total_events, 0)) / sum(total_events) as brand_share,
        100d * sum(if(category_code = '{{ var('null_defaults')['category_code'] }}', total_events, 0)) / sum(total_events) as category_share
    from categories_brands
),

measure_figures as (
    select
        metric_name as measured_as,
        value as held_value
    from metrics
    union all
    select stack(3, 'rows landed', double(rows_landed), 'session ids', double(session_ids), 'hours', double(hours))
    from count_rows
    union all
    select stack(2, 'share of unknown brand', brand_share, 'share of uncategorized', category_share)
    from rate_unknown
    union all
    select stack(3, 'top spender', double(user_id), 'spent by the top spender', double(total_spent), 'purchases of the top spender', double(total_purchases))
    from find_top_spender
    union all
    select
        concat('revenue of ', brand) as measured_as,
        sum(revenue) as held_value
    from categories_brands
    group by brand
    union all
    select
        concat('events with a price of ', price_band) as measured_as,
        sum(total_events) as held_value
    from categories_brands
    group by price_band
    union all
    select
        concat('revenue in hour ', event_hour) as measured_as,
        sum(revenue) as held_value
    from hourly_activity
    group by event_hour
    union all
    select stack(2, concat('buyers of ', user_segment), double(buyers), concat('revenue share of ', user_segment), revenue_share)
    from segments
),

find_extent as (
    select
        min(event_date) as first_date,
        max(event_date) as last_date
    from hours
),

compare_figures as (
    select
        figures.*,
        -- A top spender's id may have more digits than any amount.
        try_cast(round(measure_figures.held_value, 2) as decimal(18, 2)) as held_value,
        -- The figures are of one whole month and of nothing else.
        first_date = cast(concat(month, '-01') as date)
        and last_date = last_day(cast(concat(month, '-01') as date)) as is_same_month
    from figures
    cross join find_extent
    left join measure_figures on figures.measured_as = measure_figures.measured_as
)

select
    figure,
    figure_order,
    unit,
    value as published_value,
    held_value,
    cast(held_value - value as decimal(18, 2)) as difference,
    case
        when is_same_month is not true then 'not October 2019'
        when abs(held_value - value) <= value * tolerance_percent / 100 then 'equal'
        else 'differs'
    end as verdict,
    source,
    note
from compare_figures
