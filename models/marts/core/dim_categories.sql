{{ config(materialized='incremental', incremental_strategy='upsert', unique_key='category_key') }}

with

variants as (select * from {{ ref('int_product_variants') }}),

add_keys as (
    select
        *,
        xxhash64(category_code) as category_key
    from variants
),

touched as (
    select category_key from add_keys where {{ in_dates(changed_dates()) }}
    union
    {{ held(['category_key'], rows_were_taken_out()) }}
),

roll_up_codes as (
    select
        add_keys.category_key,
        category_code,
        {{ summed_counts() }},
        {{ money_sum('price * total_units') }} as total_revenue,
        max(load_id) as load_id
    from add_keys
    {{ only_touched('add_keys', 'category_key') }}
    group by add_keys.category_key, category_code
),

-- Codes of one key count as one: whoever crafts a code could as well deliver events of the other.
roll_up_categories as (
    select
        category_key,
        max_by(category_code, struct(total_events, category_code)) as category_code,
        {{ summed_counts() }},
        {{ money_sum('total_revenue') }} as total_revenue,
        max(load_id) as load_id
    from roll_up_codes
    group by category_key
)

select
    category_key,
    category_code,
    split(category_code, '[.]')[0] as top_category,
    {{ counts() }},
    total_revenue,
    load_id
from {{ all_touched('roll_up_categories', 'category_key') }}
