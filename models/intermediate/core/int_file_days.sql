{{
    config(
        materialized='incremental',
        full_refresh=var('rebuild_staging'),
    )
}}

{% set dates = replacing(in_dates(dates_with_new_rows())) %}

with

delivered_rows as (

    select * from {{ ref('stg_rows') }} where {{ dates }}

),

replaced_files as (

    select * from {{ source('landing', 'landed_files') }} where first_load_id < load_id

),

-- Of these few alone, or each load would read all rows.
rows_held as (

    select
        file_key,
        min(load_id) as first_load_id
    from {{ ref('stg_rows') }}
    where file_key in (select file_key from replaced_files)
    group by file_key

),

-- Withdrawn or taken in again, and the rows show it already.
files_changed as (

    select replaced_files.load_id
    from replaced_files
    left anti join rows_held
        on replaced_files.file_key = rows_held.file_key and replaced_files.load_id > rows_held.first_load_id

),

-- How far the rows have come; a file may have landed since, which the next build takes in.
loads as (

    select
        greatest(
            (select max(load_id) from {{ ref('stg_rows') }}),
            (select max(load_id) from {{ source('landing', 'backfills') }}),
            (select max(load_id) from files_changed)
        ) as load_id

),

counted as (

    select
        event_date,
        file_key,
        fate,
        reason,
        changes,
        rules_version,
        max(event_time) as last_event_at,
        count(*) as total_rows
    from delivered_rows
    group by event_date, file_key, fate, reason, changes, rules_version

),

-- A date that lost its last row stays, with a new version, so that later steps clear it too.
emptied as (

    {{ held('event_date', dates ~ ' and event_date is not null') }}
    except
    select event_date from counted

),

all_dates as (

    select * from counted
    union all
    select
        event_date,
        cast(null as bigint) as file_key,
        'emptied' as fate,
        null as reason,
        0 as changes,
        null as rules_version,
        cast(null as timestamp) as last_event_at,
        0 as total_rows
    from emptied

)

select
    all_dates.event_date,
    all_dates.file_key,
    all_dates.fate,
    all_dates.reason,
    all_dates.changes,
    all_dates.rules_version,
    all_dates.last_event_at,
    all_dates.total_rows,
    loads.load_id
from all_dates
cross join loads
