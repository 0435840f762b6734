{{ config(materialized='incremental', incremental_strategy='upsert', unique_key='user_id') }}

with

session_days as (select * from {{ ref('int_session_days') }}),
sessions as (select * from {{ ref('dim_sessions') }}),

touched as (
    select user_id from session_days where {{ in_dates(changed_dates()) }}
    union
    {{ held(['user_id'], rows_were_taken_out()) }}
),
segments as (select * from {{ ref('user_segments') }}),

roll_up_users as (
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

mark_anonymous as (
    select
        *,
        user_id = {{ var('null_defaults')['user_id'] }} as is_anonymous
    from {{ all_touched('roll_up_users', 'user_id') }}
)

select
    mark_anonymous.user_id,
    mark_anonymous.first_seen_at,
    mark_anonymous.last_seen_at,
    mark_anonymous.total_sessions,
    {{ counts('mark_anonymous') }},
    mark_anonymous.total_spent,
    segments.user_segment,
    mark_anonymous.is_anonymous,
    mark_anonymous.load_id
from mark_anonymous
left join segments
    on mark_anonymous.is_anonymous = segments.is_anonymous
    and mark_anonymous.total_sessions between segments.min_sessions and segments.max_sessions
