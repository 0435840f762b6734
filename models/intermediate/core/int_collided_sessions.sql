{{ config(materialized='incremental') }}

with

session_days as (select * from {{ ref('int_all_session_days') }}),
event_dates as (select * from {{ ref('int_event_dates') }}),

-- Few sessions lie on two dates, and reading names costs more than all the rest.
find_repeated as (
    select session_key
    from session_days
    group by session_key
    having count(*) > 1
),

find_collided as (
    select session_days.session_key
    from session_days
    left semi join find_repeated on session_days.session_key = find_repeated.session_key
    group by session_days.session_key
    having min(user_id) != max(user_id) or min(session_id) != max(session_id)
),

find_held as (
    {{ held(['session_key', 'is_collided', 'load_id'], replacing('true')) }}
),

find_load as (
    select max(load_id) as load_id from event_dates
)

select
    coalesce(find_collided.session_key, find_held.session_key) as session_key,
    find_collided.session_key is not null as is_collided,
    -- The load that made it so: later steps compute all dates anew after it, and only then.
    case
        when (find_collided.session_key is not null) = find_held.is_collided then find_held.load_id
        else find_load.load_id
    end as load_id
from find_collided
full join find_held on find_collided.session_key = find_held.session_key
cross join find_load
