with

duplicate_rows as (select * from {{ ref('int_duplicate_rows') }}),
collided_rows as (select * from {{ ref('int_collided_rows') }})

select
    event_date,
    file_key,
    row_number,
    reason,
    load_id
from duplicate_rows
union all
select
    event_date,
    file_key,
    row_number,
    'key_collision' as reason,
    load_id
from collided_rows
