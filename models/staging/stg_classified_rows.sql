{% set delivered_columns = [
    'event_time', 'event_type', 'product_id', 'category_id', 'category_code', 'brand', 'price', 'user_id', 'user_session',
] %}

with

typed_rows as (select * from {{ ref('stg_typed_rows') }}),

decide_fates as (
    select
        *,
        case
            when is_erased then 'erased'
            when reason is not null then 'quarantined'
            when cast(event_time as date) < {{ date_or_null(var('window_start')) }} then 'out_of_window'
            when cast(event_time as date) > {{ date_or_null(var('window_end')) }} then 'out_of_window'
            else 'in_window'
        end as fate
    from typed_rows
)

select
    case when fate = 'in_window' then cast(event_time as date) end as event_date,
    file_key,
    row_number,
    fate,
    reason,
    case
        when fate = 'quarantined' or (fate != 'erased' and row_number <= {{ var('sample_rows_per_file') }})
            then coalesce(bad_row, {{ json_with_nulls('delivered_values', delivered_columns) }})
    end as delivered_row,
    xxhash64(event_time, user_id, product_id, event_type, price) as event_key,
    event_time,
    event_type,
    product_id,
    category_id,
    category_code,
    brand,
    price,
    user_id,
    user_session,
    changes
from decide_fates
