with

landed_rows as (select * from {{ source('landing', 'landed_rows') }}),
landed_files as (select * from {{ source('landing', 'landed_files') }}),

trim_values as (
    select
        file_key,
        row_number,
        is_erased,
        bad_row,
        {{ trimmed('event_time') }} as event_time,
        {{ trimmed('event_type') }} as event_type,
        {{ trimmed('product_id') }} as product_id,
        {{ trimmed('category_id') }} as category_id,
        {{ trimmed('category_code') }} as category_code,
        {{ trimmed('brand') }} as brand,
        {{ trimmed('price') }} as price,
        {{ trimmed('user_id') }} as user_id,
        {{ trimmed('user_session') }} as user_session,
        {{ trimmed('quantity') }} as quantity,
        {{ trimmed('currency') }} as currency,
        event_time_exact,
        product_id_exact,
        category_id_exact,
        price_exact,
        user_id_exact,
        window_start,
        window_end,
        struct(
            event_time,
            event_time_exact,
            event_type,
            product_id,
            product_id_exact,
            category_id,
            category_id_exact,
            category_code,
            brand,
            price,
            price_exact,
            user_id,
            user_id_exact,
            user_session,
            quantity,
            currency
        ) as delivered_values
    from landed_rows
    -- A landing that was killed can leave rows of a file it had not registered yet.
    inner join landed_files using (file_key)
)

select
    file_key,
    row_number,
    is_erased,
    bad_row,
    {{ no_null_word('event_time') }} as event_time,
    event_type,
    {{ no_null_word('product_id') }} as product_id,
    {{ no_null_word('category_id') }} as category_id,
    category_code,
    brand,
    {{ no_null_word('price') }} as price,
    {{ no_null_word('user_id') }} as user_id,
    user_session,
    {{ no_null_word('quantity') }} as quantity,
    -- No currency has the name, and what exports tables writes it for nothing.
    {{ no_null_word('currency') }} as currency,
    event_time_exact,
    product_id_exact,
    category_id_exact,
    price_exact,
    user_id_exact,
    window_start,
    window_end,
    delivered_values
from trim_values
