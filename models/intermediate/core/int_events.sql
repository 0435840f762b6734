with

deduplicated_events as (select * from {{ ref('int_deduplicated_events') }}),
collided_rows as (select * from {{ ref('int_collided_rows') }}),
collided_sessions as (select * from {{ ref('int_collided_sessions') }}),

drop_collided as (
    select deduplicated_events.*
    from deduplicated_events
    left anti join collided_rows
        on deduplicated_events.event_date = collided_rows.event_date
        and deduplicated_events.event_key = collided_rows.event_key
)

select
    event_date,
    event_key,
    event_time,
    event_type,
    product_id,
    category_id,
    category_code,
    brand,
    price,
    is_price_missing,
    quantity,
    user_id,
    user_session,
    has_session,
    row_load_id,
    {{ load_with_collisions() }} as load_id
from drop_collided
