with

delivered_rows as (

    select * from {{ ref('stg_rows') }}

),

duplicate_rows as (

    select * from {{ ref('int_duplicate_rows') }}

),

event_dates as (

    select * from {{ ref('int_event_dates') }}

),

deduplicated as (

    select delivered_rows.*
    from delivered_rows
    left anti join duplicate_rows
        on delivered_rows.event_date = duplicate_rows.event_date
        and delivered_rows.file_key = duplicate_rows.file_key
        and delivered_rows.row_number = duplicate_rows.row_number
    where delivered_rows.fate = 'in_window'

)

select
    deduplicated.event_date,
    deduplicated.event_key,
    deduplicated.event_time,
    deduplicated.event_type,
    deduplicated.product_id,
    deduplicated.category_id,
    deduplicated.category_code,
    deduplicated.brand,
    deduplicated.price,
    deduplicated.user_id,
    deduplicated.user_session,
    deduplicated.load_id as row_load_id,
    event_dates.load_id
from deduplicated
inner join event_dates on deduplicated.event_date = event_dates.event_date
