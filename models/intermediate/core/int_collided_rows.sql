{{ config(materialized='table') }}

{% set dates = in_dates(dates_of_collisions()) %}

with

events as (select * from {{ ref('int_events_sessionized') }} where {{ dates }}),
collided_sessions as (select * from {{ ref('int_collided_sessions') }} where is_collided)

select
    events.event_date,
    events.event_key,
    events.file_key,
    events.row_number,
    collided_sessions.load_id
from collided_sessions
inner join events on collided_sessions.session_key = events.session_key
