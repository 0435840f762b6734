{#- What is held of the row of an event whose key another event has: its values after cleaning. -#}
{% set cleaned = {
    'event_time': 'cast(delivered_rows.event_time as string)',
    'event_type': 'delivered_rows.event_type',
    'product_id': 'cast(delivered_rows.product_id as string)',
    'category_id': 'cast(delivered_rows.category_id as string)',
    'category_code': 'delivered_rows.category_code',
    'brand': 'delivered_rows.brand',
    'price': 'cast(delivered_rows.price as string)',
    'user_id': 'cast(delivered_rows.user_id as string)',
    'user_session': 'delivered_rows.user_session',
} %}

with

delivered_rows as (select * from {{ ref('stg_rows') }}),
collided_rows as (select * from {{ ref('int_left_out_rows') }} where reason is not null),
landed_files as (select * from {{ source('landing', 'landed_files') }}),

unite_quarantined as (
    select
        file_key,
        row_number,
        reason,
        delivered_row
    from delivered_rows
    where event_date is null and fate = 'quarantined'
    union all
    select
        delivered_rows.file_key,
        delivered_rows.row_number,
        collided_rows.reason,
        coalesce(delivered_rows.delivered_row, {{ json_with_nulls(cleaned) }}) as delivered_row
    from delivered_rows
    inner join collided_rows
        on delivered_rows.event_date = collided_rows.event_date
        and delivered_rows.file_key = collided_rows.file_key
        and delivered_rows.row_number = collided_rows.row_number
)

select
    landed_files.source_file,
    quarantined.row_number,
    quarantined.reason,
    quarantined.delivered_row,
    landed_files.loaded_at,
    landed_files.file_sha256
from unite_quarantined as quarantined
inner join landed_files on quarantined.file_key = landed_files.file_key
