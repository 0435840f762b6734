{{ config(materialized='incremental', partition_by='event_date') }}

with

delivered_rows as (select * from {{ ref('stg_rows') }} where fate = 'in_window' and {{ on_changed_dates(of_rows=true) }}),
event_dates as (select * from {{ ref('int_event_dates') }} where {{ on_changed_dates(of_rows=true) }}),

-- Few keys repeat: finding them by hash first keeps wide rows out of the shuffle.
repeated_keys as (select * from {{ ref('int_repeated_keys') }} where {{ on_changed_dates(of_rows=true) }}),

rank_copies as (
    select
        delivered_rows.event_date,
        delivered_rows.file_key,
        delivered_rows.row_number,
        -- By the key first, so that one shuffle and one sort do for both.
        row_number() over (
            partition by delivered_rows.event_date, delivered_rows.event_key, event_time, user_id, product_id, event_type, price
            order by
                user_session, category_id, category_code, brand, coalesce(quantity, 1), file_key,
                changes & {{ change_bit('user_session') }}, row_number
        ) as duplicate_rank,
        dense_rank() over (
            partition by delivered_rows.event_date, delivered_rows.event_key
            order by event_time, user_id, product_id, event_type, price
        ) as event_rank
    from delivered_rows
    left semi join repeated_keys
        on delivered_rows.event_date = repeated_keys.event_date
        and delivered_rows.event_key = repeated_keys.event_key
)

select
    rank_copies.event_date,
    rank_copies.file_key,
    rank_copies.row_number,
    -- Another event has its key: the smallest of these keeps it, and nobody stops the shop with two crafted rows.
    case when rank_copies.duplicate_rank = 1 then 'key_collision' end as reason,
    event_dates.load_id
from rank_copies
inner join event_dates on rank_copies.event_date = event_dates.event_date
where rank_copies.duplicate_rank > 1 or rank_copies.event_rank > 1
union all
-- A mark of the date, or one without duplicates would be looked at by every load.
select
    event_date,
    null as file_key,
    null as row_number,
    null as reason,
    load_id
from event_dates
-- One file a date, not one of each task (docs/decisions/one-file-a-date.md).
{{ distribute_by('event_date') }}
