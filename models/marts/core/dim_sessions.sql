{{ config(
    materialized='incremental', incremental_strategy='upsert', unique_key='session_key', partition_by='session_date',
    tblproperties={'delta.dataSkippingStatsColumns': 'session_start,session_end,last_load_id,load_id'},
) }}

{% set days = ref('int_session_days') %}
{% set hint = broadcast_if_small('touched', days, in_dates(changed_dates())) if is_incremental() %}
{% set dates = in_dates(dates_of_sessions(days, hint)) %}

with

session_days as (select * from {{ days }} where {{ dates }}),
events as (select * from {{ ref('fct_events') }} where {{ dates }}),

touched as (
    {{ touched_sessions(days) }}
),

-- Of all dates: counts of one can't be added up. One shuffle serves both counts and the join (docs/decisions/sorted.md).
list_items as (
    select {{ hint }}
        session_key,
        {{ delivered('product_id') }} as product_id,
        nullif(category_key, xxhash64('{{ var('null_defaults')['category_code'] }}')) as category_key
    from events
    {{ only_touched('events', 'session_key') }}
    {{ distribute_by('session_key') }}
),

count_products as (
    {{ counted_once('session_key', 'product_id', 'list_items') }}
),

count_categories as (
    {{ counted_once('session_key', 'category_key', 'list_items') }}
),

choose_days as (
    select {{ hint }} * from session_days
    {{ only_touched('session_days', 'session_key') }}
    {{ distribute_by('session_key') }}
),

roll_up_sessions as (
    select
        session_key,
        -- Both follow from the key; a maximum of texts would sort all sessions.
        user_id,
        session_id,
        min(first_event_at) as session_start,
        max(last_event_at) as session_end,
        {{ summed_counts() }},
        {{ money_sum('total_spent') }} as total_spent,
        min(first_load_id) as first_load_id,
        max(last_load_id) as last_load_id,
        max(load_id) as load_id
    from choose_days
    group by session_key, user_id, session_id
)

select
    session_key,
    user_id,
    session_id,
    session_start,
    session_end,
    timestampdiff(second, session_start, session_end) as duration_seconds,
    {{ counts() }},
    total_spent,
    coalesce(count_products.total, 0) as unique_products,
    coalesce(count_categories.total, 0) as unique_categories,
    case when total_views > 0 then 100d * total_purchases / total_views else 0d end as conversion_rate,
    total_purchases > 0 as has_purchased,
    user_id = {{ var('null_defaults')['user_id'] }} as is_anonymous,
    total_unknown > 0 as has_unknown_events,
    cast(session_start as date) as session_date,
    first_load_id,
    last_load_id,
    load_id
from {{ all_touched('roll_up_sessions', 'session_key') }}
left join count_products using (session_key)
left join count_categories using (session_key)
-- One file a date, not one of each task (docs/decisions/one-file-a-date.md).
{{ distribute_by('session_date') }}
