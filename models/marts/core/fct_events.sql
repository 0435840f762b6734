{{
    config(
        materialized='incremental',
        partition_by='event_date',
        tblproperties={'delta.dataSkippingStatsColumns': 'event_time,load_id'},
    )
}}

with

events as (select * from {{ ref('int_events_sessionized') }} where {{ on_changed_dates() }}),
collided_sessions as (select * from {{ ref('int_collided_sessions') }}),

drop_collided as (
    select events.*
    from events
    left anti join collided_sessions
        on events.session_key = collided_sessions.session_key
        and collided_sessions.is_collided
)

select
    event_key,
    event_time,
    event_date,
    -- Not date_format: it makes a text of every row.
    year(event_date) * 1000000 + month(event_date) * 10000 + day(event_date) * 100 + hour(event_time) as time_key,
    event_type,
    user_id,
    product_id,
    session_key,
    xxhash64(category_code) as category_key,
    price,
    quantity,
    {{ load_with_collisions() }} as load_id
from drop_collided
