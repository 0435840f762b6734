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
    {% if is_incremental() -%}
    where file_key not in (select file_key from {{ this }})
    {%- endif %}

),

landed_files as (

    select * from {{ source('landing', 'landed_files') }}

),

counted as (

    select
        file_key,
        fate,
        reason,
        -- Dates out of the window are no one's; keeping them would let garbage grow the table.
        case when fate = 'in_window' then event_date end as event_date,
        count(*) as total_rows
    from classified_rows
    group by all

)

select
    counted.file_key,
    landed_files.load_id,
    counted.fate,
    counted.reason,
    counted.event_date,
    counted.total_rows
from counted
inner join landed_files on counted.file_key = landed_files.file_key
