{{ config(materialized='table') }}

with

refused_files as (

    select * from {{ source('landing', 'refused_files') }}

)

select
    source_file,
    file_sha256,
    reason,
    seen_at
from refused_files
