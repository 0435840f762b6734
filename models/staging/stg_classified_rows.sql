{#- As delivered, in the order of the contract. Engines write more or fewer zeros at the end of a fraction. -#}
{% set delivered = {
    'event_time': "coalesce(delivered_values.event_time, concat(
        regexp_replace(cast(delivered_values.event_time_exact as string), '([.][0-9]*[1-9])0+$', '$1'), ' UTC'))",
    'event_type': 'delivered_values.event_type',
    'product_id': 'coalesce(delivered_values.product_id, cast(delivered_values.product_id_exact as string))',
    'category_id': 'coalesce(delivered_values.category_id, cast(delivered_values.category_id_exact as string))',
    'category_code': 'delivered_values.category_code',
    'brand': 'delivered_values.brand',
    'price': 'coalesce(delivered_values.price, cast(delivered_values.price_exact as string))',
    'user_id': 'coalesce(delivered_values.user_id, cast(delivered_values.user_id_exact as string))',
    'user_session': 'delivered_values.user_session',
} %}

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
            -- That of the source's description.
            when cast(event_time as date) not between coalesce(window_start, cast(event_time as date))
                and coalesce(window_end, cast(event_time as date)) then 'out_of_window'
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
            then coalesce(bad_row, {{ json_with_nulls(delivered) }})
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
