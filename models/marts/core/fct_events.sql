{{
    config(
        materialized='incremental',
        incremental_strategy='replace_where',
        partition_by='event_date',
    )
}}

{% set dates = changed_dates(ref('stg_event_dates')) %}
-- replace where: {{ dates }}

with

events as (

    select * from {{ ref('int_events_sessionized') }} where {{ dates }}

)

select
    event_key,
    event_time,
    event_date,
    cast(date_format(event_time, 'yyyyMMddHH') as int) as time_key,
    event_type,
    user_id,
    product_id,
    session_key,
    price,
    load_id
from events
