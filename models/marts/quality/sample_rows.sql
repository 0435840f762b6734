with

delivered_rows as (
    select * from {{ ref('stg_rows') }}
    where row_number <= {{ var('sample_rows_per_file') }} and delivered_row is not null
),
left_out_rows as (select * from {{ ref('int_left_out_rows') }}),
landed_files as (select * from {{ source('landing', 'landed_files') }} where withdrawn_at is null)

select
    landed_files.source_file,
    landed_files.file_sha256,
    delivered_rows.row_number,
    delivered_rows.delivered_row,
    case
        when left_out_rows.reason is not null then 'quarantined'
        when left_out_rows.row_number is not null then 'duplicate'
        when delivered_rows.fate = 'in_window' then 'accepted'
        else delivered_rows.fate
    end as fate,
    coalesce(delivered_rows.reason, left_out_rows.reason) as reason,
    delivered_rows.event_time,
    delivered_rows.event_type,
    delivered_rows.product_id,
    delivered_rows.category_id,
    delivered_rows.category_code,
    delivered_rows.brand,
    delivered_rows.price,
    coalesce(delivered_rows.quantity, 1) as quantity,
    delivered_rows.user_id,
    delivered_rows.user_session
from delivered_rows
inner join landed_files on delivered_rows.file_key = landed_files.file_key
left join left_out_rows
    on delivered_rows.event_date = left_out_rows.event_date
    and delivered_rows.file_key = left_out_rows.file_key
    and delivered_rows.row_number = left_out_rows.row_number
