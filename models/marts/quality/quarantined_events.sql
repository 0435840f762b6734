{{ config(materialized='table') }}

with

quarantined_rows as (

    select * from {{ ref('stg_quarantined_rows') }}

),

landed_files as (

    select * from {{ source('landing', 'landed_files') }}

)

select
    landed_files.source_file,
    quarantined_rows.row_number,
    quarantined_rows.reason,
    quarantined_rows.delivered_row,
    landed_files.loaded_at,
    landed_files.file_sha256
from quarantined_rows
inner join landed_files on quarantined_rows.file_key = landed_files.file_key
