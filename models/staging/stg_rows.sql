{{
    config(
        materialized='incremental',
        partition_by='event_date',
        tblproperties={'delta.dataSkippingStatsColumns': 'file_key,load_id'},
        full_refresh=var('rebuild_staging'),
    )
}}

with

classified_rows as (select * from {{ ref('stg_classified_rows') }}),
landed_files as (select * from {{ source('landing', 'landed_files') }} where withdrawn_at is null),

stamp_loads as (
    select
        classified_rows.*,
        '{{ rules_version() }}' as rules_version,
        cast({{ var('backfill').load_id if var('backfill') else 'landed_files.load_id' }} as bigint) as load_id
    from classified_rows
    inner join landed_files on classified_rows.file_key = landed_files.file_key
)

select
    event_date,
    file_key,
    row_number,
    fate,
    reason,
    delivered_row,
    event_key,
    event_time,
    event_type,
    product_id,
    category_id,
    category_code,
    brand,
    price,
    user_id,
    user_session,
    quantity,
    changes,
    rules_version,
    load_id
from stamp_loads
where {{ replacing(new_rows()) }}
