{{ config(
    materialized='incremental', incremental_strategy='append', full_refresh=false, on_schema_change='append_new_columns',
) }}

{% set newest = newest_load() if execute and is_incremental() else 0 %}
{# A full refresh takes all files in as one load: they had come before. #}
{% set delivered = 'false' if execute and is_incremental() and var('rebuild_staging') else 'true' %}

with

file_days as (

    select * from {{ ref('stg_file_days') }} where fate = 'in_window'

),

sessions as (

    select * from {{ ref('dim_sessions') }} where first_load_id < last_load_id and last_load_id > {{ newest }}

),

loads as (

    select * from {{ source('landing', 'loads') }} where load_id > {{ newest }}

),

landed_files as (

    select * from {{ source('landing', 'landed_files') }}

),

-- How far the events of all earlier loads reached.
reached as (

    select
        loads.load_id,
        max(file_days.last_event_at) as last_event_at
    from loads
    left join landed_files on loads.load_id > landed_files.first_load_id
    left join file_days on landed_files.file_key = file_days.file_key
    group by loads.load_id

),

-- Not what a backfill computed anew or a reload took in again: that had come with a load told of already.
counted as (

    select
        landed_files.first_load_id as load_id,
        sum(file_days.total_rows) as rows_in_window
    from file_days
    inner join landed_files on file_days.file_key = landed_files.file_key
    where {{ delivered }}
    group by landed_files.first_load_id

),

-- The only dates that can have a late row: few after a daily load, none after the first, so few rows are read.
late_dates as (

    select distinct file_days.event_date
    from file_days
    inner join landed_files on file_days.file_key = landed_files.file_key
    inner join reached on landed_files.first_load_id = reached.load_id
    where file_days.event_date <= cast(reached.last_event_at as date)

),

-- An event came with the first load that delivered it; all later rows of it are copies.
find_first_deliveries as (

    select /*+ broadcast(late_dates) */
        rows_in_window.event_date,
        rows_in_window.event_key,
        rows_in_window.event_time,
        min(landed_files.first_load_id) as load_id
    from {{ ref('stg_rows') }} as rows_in_window
    inner join late_dates on rows_in_window.event_date = late_dates.event_date
    inner join landed_files on rows_in_window.file_key = landed_files.file_key
    where rows_in_window.fate = 'in_window'
    group by rows_in_window.event_date, rows_in_window.event_key, rows_in_window.event_time

),

measured as (

    select
        first_deliveries.load_id,
        count(*) as rows_late,
        percentile(timestampdiff(second, event_time, last_event_at) / 3600d, 0.5) as median_hours_late,
        max(timestampdiff(second, event_time, last_event_at) / 3600d) as max_hours_late
    from find_first_deliveries as first_deliveries
    inner join reached on first_deliveries.load_id = reached.load_id
    where first_deliveries.event_time < reached.last_event_at
    group by first_deliveries.load_id

),

changed as (

    select
        last_load_id as load_id,
        count(*) as sessions_changed
    from sessions
    group by last_load_id

)

select
    loads.load_id,
    loads.loaded_at,
    coalesce(counted.rows_in_window, 0) as rows_in_window,
    coalesce(measured.rows_late, 0) as rows_late,
    case when counted.rows_in_window > 0 then 100d * coalesce(measured.rows_late, 0) / counted.rows_in_window end as late_share,
    measured.median_hours_late,
    measured.max_hours_late,
    coalesce(changed.sessions_changed, 0) as sessions_changed
from loads
left join counted on loads.load_id = counted.load_id
left join measured on loads.load_id = measured.load_id
left join changed on loads.load_id = changed.load_id
