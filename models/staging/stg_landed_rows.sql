{{ config(materialized='view') }}

with

landed_rows as (

    select * from {{ source('landing', 'landed_rows') }}

),

landed_files as (

    select * from {{ source('landing', 'landed_files') }}

)

select
    file_key,
    row_number,
    bad_row,
    {{ trimmed_value('event_time') }} as event_time,
    {{ trimmed('event_type') }} as event_type,
    {{ trimmed_value('product_id') }} as product_id,
    {{ trimmed_value('category_id') }} as category_id,
    {{ trimmed('category_code') }} as category_code,
    {{ trimmed('brand') }} as brand,
    {{ trimmed_value('price') }} as price,
    {{ trimmed_value('user_id') }} as user_id,
    {{ trimmed('user_session') }} as user_session,
    coalesce(
        bad_row,
        to_json(
            struct(
                event_time, event_type, product_id, category_id, category_code,
                brand, price, user_id, user_session
            ),
            map('ignoreNullFields', 'false')
        )
    ) as delivered_row
from landed_rows
-- A landing that was killed can leave rows of a file it had not registered yet.
left semi join landed_files on landed_rows.file_key = landed_files.file_key
