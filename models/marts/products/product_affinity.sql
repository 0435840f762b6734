with

basket_items as (select * from {{ ref('int_basket_items') }}),
products as (select * from {{ ref('dim_products') }}),

count_baskets as (
    select
        item_type,
        basket_type,
        count_if(item_number = 1) as total_baskets
    from basket_items
    group by item_type, basket_type
),

-- An item in too few baskets can't be in a pair with enough of them.
count_items as (
    select
        item_type,
        basket_type,
        item,
        count(*) as item_baskets
    from basket_items
    group by item_type, basket_type, item
    having count(*) >= {{ var('affinity_min_baskets') }}
),

keep_items as (
    select basket_items.*
    from basket_items
    left semi join count_items
        on basket_items.item_type = count_items.item_type
        and basket_items.basket_type = count_items.basket_type
        and basket_items.item = count_items.item
    where basket_size > 1
),

count_pairs as (
    select
        item_type,
        basket_type,
        a.item as item_a,
        b.item as item_b,
        count(*) as baskets
    from keep_items as a
    inner join keep_items as b using (item_type, basket_type, session_key)
    where a.item < b.item
    group by item_type, basket_type, a.item, b.item
    having count(*) >= {{ var('affinity_min_baskets') }}
),

name_products as (
    select
        'product' as item_type,
        cast(product_id as string) as item,
        concat(brand, ' ', category_code) as label
    from products
)

select
    pairs.item_type,
    pairs.basket_type,
    pairs.item_a,
    pairs.item_b,
    coalesce(names_a.label, pairs.item_a) as label_a,
    coalesce(names_b.label, pairs.item_b) as label_b,
    pairs.baskets,
    items_a.item_baskets as baskets_a,
    items_b.item_baskets as baskets_b,
    total_baskets,
    100d * baskets / total_baskets as support,
    100d * baskets / items_a.item_baskets as confidence_a_to_b,
    100d * baskets / items_b.item_baskets as confidence_b_to_a,
    cast(baskets as double) * total_baskets / items_a.item_baskets / items_b.item_baskets as lift,
    -- In integers: a lift of 1 is neither.
    case
        when baskets * total_baskets > items_a.item_baskets * items_b.item_baskets then 'together'
        when baskets * total_baskets < items_a.item_baskets * items_b.item_baskets then 'apart'
    end as bond
from count_pairs as pairs
inner join count_baskets on pairs.item_type = count_baskets.item_type and pairs.basket_type = count_baskets.basket_type
inner join count_items as items_a
    on pairs.item_type = items_a.item_type and pairs.basket_type = items_a.basket_type and pairs.item_a = items_a.item
inner join count_items as items_b
    on pairs.item_type = items_b.item_type and pairs.basket_type = items_b.basket_type and pairs.item_b = items_b.item
left join name_products as names_a on pairs.item_type = names_a.item_type and pairs.item_a = names_a.item
left join name_products as names_b on pairs.item_type = names_b.item_type and pairs.item_b = names_b.item
