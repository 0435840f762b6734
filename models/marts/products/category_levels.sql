{{ config(materialized='incremental', partition_by='event_date') }}

with

categories_brands as (select * from {{ ref('daily_categories_brands') }} where {{ on_changed_dates() }}),

roll_up_codes as (
    select
        event_date,
        category_code,
        -- A hostile code has a million dots, and each path repeats all names before it: what is deeper stays in the last.
        split(category_code, '[.]', {{ var('category_depth') }}) as parts,
        {{ summed_counts() }},
        {{ money_sum('revenue') }} as revenue,
        max(load_id) as load_id
    from categories_brands
    group by event_date, category_code
),

find_parents as (
    select distinct
        event_date,
        array_join(slice(parts, 1, level), '.') as category_code
    from roll_up_codes
        lateral view explode(sequence(1, size(parts) - 1)) as level
    where size(parts) > 1
),

-- A code that others of its date go below gets a child of its own, so that children add up to it.
complete_codes as (
    select
        codes.event_date,
        {{ counts('codes') }},
        codes.revenue,
        codes.load_id,
        if(parents.category_code is null, parts, array_append(parts, '{{ var("other_category") }}')) as parts
    from roll_up_codes as codes
    left join find_parents as parents
        on codes.event_date = parents.event_date and codes.category_code = parents.category_code
),

roll_up_levels as (
    select
        event_date,
        level,
        slice(parts, 1, level) as path,
        {{ summed_counts() }},
        {{ money_sum('revenue') }} as revenue,
        max(load_id) as load_id
    from complete_codes
        lateral view explode(sequence(1, size(parts))) as level
    group by event_date, level, slice(parts, 1, level)
)

select
    event_date,
    level,
    array_join(path, '.') as category_path,
    if(level > 1, array_join(slice(path, 1, level - 1), '.'), null) as parent_path,
    element_at(path, level) as category_name,
    {{ counts() }},
    revenue,
    load_id
from roll_up_levels
