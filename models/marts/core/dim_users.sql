{{
    config(
        materialized='incremental',
        incremental_strategy='upsert',
        unique_key='user_id',
    )
}}

{% set dates = newer_dates(ref('int_session_days')) %}

with

sessions as (

    select * from {{ ref('dim_sessions') }}
    {% if is_incremental() -%}
    where user_id in (
        select user_id from {{ ref('int_session_days') }} where {{ dates }}
    )
    {%- endif %}

),

segments as (

    select * from {{ ref('user_segments') }}

),

rolled_up as (

    select
        user_id,
        min(session_start) as first_seen_at,
        max(session_end) as last_seen_at,
        count(*) as total_sessions,
        {{ summed_counts() }},
        {{ money_sum('total_spent') }} as total_spent,
        max(load_id) as load_id
    from sessions
    group by user_id

),

labelled as (

    select
        rolled_up.*,
        user_id = {{ var('null_defaults')['user_id'] }} as is_anonymous
    from rolled_up

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
