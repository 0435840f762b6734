with

figures as (select * from {{ ref('published_figures') }}),
ledger as (select * from {{ ref('row_ledger') }}),
hours as (select * from {{ ref('dim_time') }}),
products as (select * from {{ ref('dim_products') }} where product_id != {{ var('null_defaults')['product_id'] }}),
users as (select * from {{ ref('dim_users') }} where not is_anonymous),
sessions as (select * from {{ ref('dim_sessions') }}),
activity as (select * from {{ ref('period_activity') }} where period_type = 'total'),
hourly_activity as (select * from {{ ref('hourly_activity') }}),
categories_brands as (select * from {{ ref('daily_categories_brands') }}),
segments as (select * from {{ ref('segment_value') }}),

find_top_spender as (
    select * from users order by total_spent desc, user_id asc limit 1
),

count_unknown as (
    select
        sum(total_events) as total_events,
        sum(if(brand = lower('{{ var('null_defaults')['brand'] }}'), total_events, 0)) as unknown_brand_events,
        sum(if(category_code = '{{ var('null_defaults')['category_code'] }}', total_events, 0)) as uncategorized_events
    from categories_brands
),

measure_figures as (
    select
        'rows landed' as figure,
        cast(sum(rows_read) as decimal(28, 2)) as held_value
    from ledger
    union all
    select
        stack(
            7,
            'events', total_events, 'views', total_views, 'carts', total_carts, 'purchases', total_purchases,
            'users', users, 'sessions', sessions, 'paying users', buyers
        ) as (figure, held_value)
    from activity
    union all
    select
        'revenue' as figure,
        revenue as held_value
    from activity
    union all
    select
        'mean purchase price' as figure,
        avg_purchase_price as held_value
    from activity
    union all
    select
        'session ids' as figure,
        count(*) as held_value
    from (select session_id from sessions group by session_id) as session_ids
    union all
    select
        'products' as figure,
        count(*) as held_value
    from products
    union all
    select
        'hours' as figure,
        count(*) as held_value
    from hours
    union all
    select
        stack(
            2,
            'share of unknown brand', round(100d * unknown_brand_events / total_events, 2),
            'share of uncategorized', round(100d * uncategorized_events / total_events, 2)
        ) as (figure, held_value)
    from count_unknown
    union all
    select
        concat('revenue of ', brand) as figure,
        sum(revenue) as held_value
    from categories_brands
    group by brand
    union all
    select
        concat('events with a price of ', price_band) as figure,
        sum(total_events) as held_value
    from categories_brands
    group by price_band
    union all
    select
        concat('revenue in hour ', event_hour) as figure,
        sum(revenue) as held_value
    from hourly_activity
    group by event_hour
    union all
    select stack(2, 'top spender', user_id, 'purchases of the top spender', total_purchases) as (figure, held_value)
    from find_top_spender
    union all
    select
        'spent by the top spender' as figure,
        total_spent as held_value
    from find_top_spender
    union all
    select
        concat('buyers of ', user_segment) as figure,
        buyers as held_value
    from segments
    union all
    select
        concat('revenue share of ', user_segment) as figure,
        round(revenue_share, 2) as held_value
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
    left join measure_figures on figures.figure = measure_figures.figure
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
