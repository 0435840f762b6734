with

landed_rows as (select * from {{ ref('stg_landed_rows') }}),

-- Casting never guesses: a text is matched against a pattern first. try_cast, since an engine may evaluate all branches.
parse_values as (
    select
        *,
        case
            when event_time_exact is not null then event_time_exact
            when event_time rlike '^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?( UTC|Z|[+-][0-9]{2}(:?[0-9]{2})?)?$'
                then try_cast(event_time as timestamp)
        end as event_time_read,
        coalesce(user_id_exact, {{ whole_number('user_id') }}) as user_id_read,
        coalesce(product_id_exact, {{ whole_number('product_id') }}) as product_id_read,
        coalesce(category_id_exact, {{ whole_number('category_id') }}) as category_id_read,
        case
            when price_exact < 0 then 0
            when price_exact > {{ var('max_price') }} then {{ var('max_price') }}
            when price_exact is not null then price_exact
            when lower(price) rlike '^[+-]?nan$' then 0
            when not price rlike '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$' then null
            when try_cast(price as double) > {{ var('max_price') }} then {{ var('max_price') }}
            -- Half a cent is the least that rounds up; a tiny exponent would make the exact cast explode.
            when try_cast(price as double) < 0.001d then 0
            else try_cast({{ plain_decimal('price') }} as decimal(12, 2))
        end as price_read,
        if({{ whole_number('quantity') }} between 1 and {{ max_quantity() }}, {{ whole_number('quantity') }}, null) as quantity_read,
        coalesce(cast(price_exact as double), try_cast(price as double)) as price_number
    from landed_rows
)

select
    file_key,
    row_number,
    is_erased,
    bad_row,
    delivered_values,
    window_start,
    window_end,
    case
        when bad_row is not null then 'bad_row'
        when event_time is null and {{ null_default('event_time_read', 'event_time') }} is null then 'missing_event_time'
        when event_time is not null and event_time_read is null then 'bad_event_time'
        when user_id is not null and user_id_read is null then 'bad_user_id'
        when product_id is not null and product_id_read is null then 'bad_product_id'
        when price is not null and price_read is null then 'bad_price'
        when quantity is not null and quantity_read is null then 'bad_quantity'
        when upper(currency) != '{{ store_currency() }}' then 'other_currency'
    end as reason,
    case
        when event_time is null and bad_row is null and is_erased is not true
            then cast({{ null_default('event_time_read', 'event_time') }} as timestamp)
        else event_time_read
    end as event_time,
    {{ known_event_type('lower(' ~ null_default('event_type', 'event_type') ~ ')') }} as event_type,
    {{ null_default('product_id_read', 'product_id') }} as product_id,
    {{ null_default('category_id_read', 'category_id') }} as category_id,
    {{ null_default('category_code', 'category_code') }} as category_code,
    lower({{ null_default('brand', 'brand') }}) as brand,
    cast({{ null_default('price_read', 'price') }} as decimal(12, 2)) as price,
    {{ null_default('user_id_read', 'user_id') }} as user_id,
    coalesce(user_session, concat('{{ var("null_defaults")["user_session"] }}', {{ null_default('user_id_read', 'user_id') }})) as user_session,
    coalesce(quantity_read, 1) as quantity,
    -- One number for all that was put instead of a delivered value; seed change_kinds says which bit is what.
    case
        when is_erased or bad_row is not null then 0
        else
            if(event_time is null and event_time_read is null, {{ change_bit('event_time') }}, 0)
            + if(event_type is null, {{ change_bit('event_type') }}, 0)
            + if(product_id is null and product_id_read is null, {{ change_bit('product_id') }}, 0)
            + if(category_id is null and category_id_read is null, {{ change_bit('category_id') }}, 0)
            + if(category_code is null, {{ change_bit('category_code') }}, 0)
            + if(brand is null, {{ change_bit('brand') }}, 0)
            + if(price is null and price_read is null, {{ change_bit('price') }}, 0)
            + if(user_id is null and user_id_read is null, {{ change_bit('user_id') }}, 0)
            + if(user_session is null, {{ change_bit('user_session') }}, 0)
            + if(category_id is not null and category_id_read is null, {{ change_bit('category_id', 'no whole number') }}, 0)
            + if(price_read = 0 and (price_number < 0 or lower(price) rlike 'nan$'), {{ change_bit('price', 'negative or not a number') }}, 0)
            + if(price_read = {{ var('max_price') }} and price_number > {{ var('max_price') }}, {{ change_bit('price', 'more than the maximum') }}, 0)
    end as changes
from parse_values
