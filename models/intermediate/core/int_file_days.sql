{{ config(materialized='incremental', full_refresh=var('rebuild_staging')) }}

{% set dates = replacing(in_dates(dates_with_new_rows())) %}

with

delivered_rows as (select * from {{ ref('stg_rows') }} where {{ dates }}),
replaced_files as (select * from {{ source('landing', 'landed_files') }} where first_load_id < load_id),

-- Of these few alone, or each load would read all rows.
find_rows_held as (
    select
        file_key,
        min(load_id) as first_load_id
    from {{ ref('stg_rows') }}
    where file_key in (select file_key from replaced_files)
    group by file_key
),

-- Withdrawn or taken in again, and the rows show it already.
find_changed_files as (
    select replaced_files.load_id
    from replaced_files
    left anti join find_rows_held
        on replaced_files.file_key = find_rows_held.file_key and replaced_files.load_id > find_rows_held.first_load_id
),

-- How far the rows have come; a file may have landed since, which the next build takes in.
find_load as (
    select
        greatest(
            (select max(load_id) from {{ ref('stg_rows') }}),
            (select max(load_id) from {{ source('landing', 'backfills') }}),
            (select max(load_id) from find_changed_files)
        ) as load_id
),

count_rows as (
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
find_emptied_dates as (
    {{ held(['event_date'], dates ~ ' and event_date is not null') }}
    except
    select event_date from count_rows
),

unite_dates as (
    select * from count_rows
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
    from find_emptied_dates
)

select
    unite_dates.event_date,
    unite_dates.file_key,
    unite_dates.fate,
    unite_dates.reason,
    unite_dates.changes,
    unite_dates.rules_version,
    unite_dates.last_event_at,
    unite_dates.total_rows,
    find_load.load_id
from unite_dates
cross join find_load
