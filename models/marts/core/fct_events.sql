{{
    config(
        materialized='incremental',
        incremental_strategy='replace_where',
        partition_by='event_date',
        tblproperties={'delta.dataSkippingStatsColumns': 'event_time,load_id'},
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
    -- Not date_format: it makes a text of every row.
    year(event_date) * 1000000 + month(event_date) * 10000 + day(event_date) * 100 + hour(event_time) as time_key,
    event_type,
    user_id,
    product_id,
    session_key,
    xxhash64(category_code) as category_key,
    price,
    load_id
from events
