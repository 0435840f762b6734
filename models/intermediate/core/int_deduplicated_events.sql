with

delivered_rows as (select * from {{ ref('stg_rows') }}),
duplicate_rows as (select * from {{ ref('int_duplicate_rows') }}),
event_dates as (select * from {{ ref('int_event_dates') }}),

drop_duplicates as (
    select delivered_rows.*
    from delivered_rows
    left anti join duplicate_rows
        on delivered_rows.event_date = duplicate_rows.event_date
        and delivered_rows.file_key = duplicate_rows.file_key
        and delivered_rows.row_number = duplicate_rows.row_number
    where delivered_rows.fate = 'in_window'
)

select
    drop_duplicates.event_date,
    drop_duplicates.event_key,
    drop_duplicates.file_key,
    drop_duplicates.row_number,
    drop_duplicates.event_time,
    drop_duplicates.event_type,
    drop_duplicates.product_id,
    drop_duplicates.category_id,
    drop_duplicates.category_code,
    drop_duplicates.brand,
    drop_duplicates.price,
    (
        drop_duplicates.changes
        & ({{ change_bit('price') }} | {{ change_bit('price', 'negative or not a number') }})
    ) != 0 as is_price_missing,
    -- Rows that are older than quantities have none.
    coalesce(drop_duplicates.quantity, 1) as quantity,
    drop_duplicates.user_id,
    drop_duplicates.user_session,
    drop_duplicates.changes & {{ change_bit('user_session') }} = 0 as has_session,
    drop_duplicates.load_id as row_load_id,
    event_dates.load_id
from drop_duplicates
inner join event_dates on drop_duplicates.event_date = event_dates.event_date
