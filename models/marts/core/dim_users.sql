{{
    config(
        materialized='incremental',
        incremental_strategy='upsert',
        unique_key='user_id',
    )
}}

{% set dates = changed_dates(ref('stg_event_dates')) %}
{% set duplicates = ref('stg_duplicate_rows') %}

with

session_days as (

    select * from {{ ref('int_session_days') }}

),

sessions as (

    select * from {{ ref('dim_sessions') }}

),
{% if is_incremental() %}
touched as (

    select user_id from session_days where {{ dates }}
    union
    select user_id from {{ this }} where {{ rows_were_taken_out(duplicates) }}

),
{% endif %}
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
    {% if is_incremental() -%}
    left semi join touched on sessions.user_id = touched.user_id
    {% endif -%}
    group by sessions.user_id

),

labelled as (

    select
        *,
        user_id = {{ var('null_defaults')['user_id'] }} as is_anonymous
    {% if is_incremental() -%}
    from touched
    left join rolled_up using (user_id)
    {%- else -%}
    from rolled_up
    {%- endif %}

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
