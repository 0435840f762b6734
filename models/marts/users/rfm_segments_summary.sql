with

users as (select * from {{ ref('rfm_users') }}),
segments as (select * from {{ ref('rfm_segments') }}),

sum_segments as (
    select
        segments.rfm_segment,
        segments.segment_order,
        count(users.user_id) as buyers,
        cast(coalesce(sum(users.monetary), 0) as decimal(18, 2)) as revenue,
        avg(users.recency_days) as mean_recency_days,
        avg(users.frequency) as mean_frequency
    from segments
    left join users on segments.rfm_segment = users.rfm_segment
    group by segments.rfm_segment, segments.segment_order
)

select
    rfm_segment,
    segment_order,
    buyers,
    revenue,
    100d * revenue / nullif(sum(revenue) over (), 0) as revenue_share,
    mean_recency_days,
    mean_frequency,
    cast(round(revenue / nullif(buyers, 0), 2) as decimal(18, 2)) as mean_monetary
from sum_segments
