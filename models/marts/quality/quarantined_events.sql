with

delivered_rows as (select * from {{ ref('stg_rows') }}),
landed_files as (select * from {{ source('landing', 'landed_files') }})

select
    landed_files.source_file,
    delivered_rows.row_number,
    delivered_rows.reason,
    delivered_rows.delivered_row,
    landed_files.loaded_at,
    landed_files.file_sha256
from delivered_rows
inner join landed_files on delivered_rows.file_key = landed_files.file_key
where delivered_rows.event_date is null and delivered_rows.fate = 'quarantined'
