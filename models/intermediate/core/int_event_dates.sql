{#- Fewer rows than this can't make a run that lasts all of a date. -#}
{% set rows_of_a_long_run = 24 * 60 / missing_session_timeout() - 2 %}

with

file_days as (select * from {{ ref('int_file_days') }}),

sum_dates as (
    select
        event_date,
        sum(total_rows) as total_rows,
        -- Of these rows a change of the date before can move the session.
        sum(if(changes & {{ change_bit('user_session') }} > 0 and changes & {{ change_bit('user_id') }} = 0, total_rows, 0))
            as sessionless_rows,
        nullif(array_join(sort_array(collect_set(rules_version)), ', '), '') as rules_versions,
        max(load_id) as load_id
    from file_days
    where event_date is not null
    group by event_date
),

find_dates_before as (
    select
        *,
        lag(load_id) over dates as load_before,
        lag(sessionless_rows) over dates as sessionless_before,
        coalesce(lag(event_date) over dates = date_sub(event_date, 1), false) as follows
    from sum_dates
    window dates as (order by event_date)
),

-- A date is of the chain of the date before where a run without ids may have come through that one from before it.
number_chains as (
    select
        *,
        greatest(load_id, if(follows and sessionless_rows > 0, load_before, null)) as reached_load_id,
        sum(if(follows and sessionless_before >= {{ rows_of_a_long_run }}, 0, 1)) over (order by event_date) as chain
    from find_dates_before
)

select
    event_date,
    total_rows,
    rules_versions,
    max(reached_load_id) over (partition by chain order by event_date) as load_id
from number_chains
