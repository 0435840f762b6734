with

users as (select * from {{ ref('dim_users') }} where total_purchases > 0 and not is_anonymous),

rank_buyers as (
    select
        total_spent,
        row_number() over (order by total_spent desc, user_id asc) as place,
        sum(total_spent) over (order by total_spent desc, user_id asc rows unbounded preceding) as revenue_so_far
    from users
),

-- Gini of n buyers with revenue x by place from the top: ((n + 1) * sum(x) - 2 * sum(place * x)) / (n * sum(x)).
sum_buyers as (
    select
        count(*) as buyers,
        sum(total_spent) as revenue,
        cast((count(*) + 1) * sum(total_spent) - 2 * sum(place * total_spent) as double)
        / nullif(cast(count(*) * sum(total_spent) as double), 0) as gini
    from rank_buyers
),

make_steps as (
    select
        explode(sequence(0, 100)) as top_percent,
        *
    from sum_buyers
),

-- The smallest whole number of buyers that is at least so many percent.
count_buyers as (
    select
        top_percent,
        (top_percent * buyers + 99) div 100 as buyers,
        revenue as total_revenue,
        gini
    from make_steps
)

select
    cast(top_percent as double) as top_percent,
    buyers,
    cast(coalesce(revenue_so_far, 0) as decimal(18, 2)) as revenue,
    100d * coalesce(revenue_so_far, 0) / nullif(total_revenue, 0) as revenue_share,
    gini
from count_buyers
left join rank_buyers on count_buyers.buyers = rank_buyers.place
