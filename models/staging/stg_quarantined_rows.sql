{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=true if var('rebuild_staging') else false,
    )
}}

with

classified_rows as (

    select * from {{ ref('stg_classified_rows') }}

),

-- Most files have nothing to quarantine; only those that do are read again.
files_to_read as (

    select file_key from {{ ref('stg_file_fates') }} where fate = 'quarantined'
    {% if is_incremental() -%}
    except
    select file_key from {{ this }}
    {%- endif %}

)

select
    classified_rows.file_key,
    classified_rows.row_number,
    classified_rows.reason,
    classified_rows.delivered_row
from classified_rows
left semi join files_to_read on classified_rows.file_key = files_to_read.file_key
where classified_rows.fate = 'quarantined'
