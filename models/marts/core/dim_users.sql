{{ config(materialized='incremental', incremental_strategy='upsert', unique_key='user_id') }}

with

session_days as (

    select * from {{ ref('int_session_days') }}

),

sessions as (

    select * from {{ ref('dim_sessions') }}

),

touched as (

    select user_id from session_days where {{ in_dates(changed_dates()) }}
    union
    {{ held('user_id', rows_were_taken_out()) }}

),

segments as (

    select * from {{ ref('user_segments') }}

),

rolled_up as (

    select
        sessions.user_id,
        min(session_start) as first_seen_at,
        max(session_end) as last_seen_at,
        count(session_key) as total_sessions,
        {{ summed_counts() }},
        {{ money_sum('total_spent') }} as total_spent,
        max(load_id) as load_id
    from sessions
    {{ only_touched('sessions', 'user_id') }}
    group by sessions.user_id

),

labelled as (

    select
        *,
        user_id = {{ var('null_defaults')['user_id'] }} as is_anonymous
    from {{ all_touched('rolled_up', 'user_id') }}

)

select
    labelled.user_id,
    labelled.first_seen_at,
    labelled.last_seen_at,
    labelled.total_sessions,
    labelled.total_events,
    labelled.total_views,
    labelled.total_carts,
    labelled.total_purchases,
    labelled.total_unknown,
    labelled.total_spent,
    segments.user_segment,
    labelled.is_anonymous,
    labelled.load_id
from labelled
left join segments
    on labelled.is_anonymous = segments.is_anonymous
    and labelled.total_sessions between segments.min_sessions and segments.max_sessions
