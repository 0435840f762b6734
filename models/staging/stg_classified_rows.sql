{{ config(materialized='view') }}

with

typed_rows as (

    select * from {{ ref('stg_typed_rows') }}

)

select
    file_key,
    row_number,
    delivered_row,
    reason,
    case
        when reason is not null then 'quarantined'
        {% if var('window_start') -%}
        when cast(event_time as date) < date'{{ var("window_start") }}' then 'out_of_window'
        {% endif -%}
        {% if var('window_end') -%}
        when cast(event_time as date) > date'{{ var("window_end") }}' then 'out_of_window'
        {% endif -%}
        else 'in_window'
    end as fate,
    cast(event_time as date) as event_date,
    xxhash64(event_time, user_id, product_id, event_type, price) as event_key,
    event_time,
    event_type,
    product_id,
    category_id,
    category_code,
    brand,
    price,
    user_id,
    user_session
from typed_rows
