{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        on_schema_change='append_new_columns',
    )
}}

{% set newest = newest_load() if execute and is_incremental() else 0 %}
{# A full refresh takes all files in as one load: they had come before. #}
{% set delivered = 'false' if execute and is_incremental() and var('rebuild_staging') else 'load_id > ' ~ newest %}

with

delivered_rows as (

    select * from {{ ref('stg_rows') }} where fate = 'in_window' and {{ delivered }}

),

file_days as (

    select * from {{ ref('int_file_days') }}

),

sessions as (

    select * from {{ ref('dim_sessions') }} where last_load_id > {{ newest }}

),

loads as (

    select * from {{ source('landing', 'loads') }} where load_id > {{ newest }}

),

landed_files as (

    select * from {{ source('landing', 'landed_files') }}

),

-- Not what a backfill computed anew or a reload took in again: that had come before.
find_deliveries as (

    select
        landed_files.first_load_id as load_id,
        delivered_rows.event_time
    from delivered_rows
    inner join landed_files on delivered_rows.file_key = landed_files.file_key

),

-- How far the events of all earlier loads reached.
reached as (

    select
        loads.load_id,
        max(file_days.last_event_at) as last_event_at
    from loads
    left join landed_files on loads.load_id > landed_files.first_load_id
    left join file_days on landed_files.file_key = file_days.file_key and file_days.fate = 'in_window'
    group by loads.load_id

),

timed as (

    -- Few loads: sent to the tasks, or all rows would be shuffled to one of them.
    select /*+ broadcast(reached) */
        deliveries.load_id,
        case
            when deliveries.event_time < reached.last_event_at
                then timestampdiff(second, deliveries.event_time, reached.last_event_at) / 3600d
        end as hours_late
    from find_deliveries as deliveries
    -- Loads are those not told of yet, so files that came with an earlier one fall out.
    inner join reached on deliveries.load_id = reached.load_id

),

measured as (

    select
        load_id,
        count(*) as rows_in_window,
        count(hours_late) as rows_late,
        percentile(hours_late, 0.5) as median_hours_late,
        max(hours_late) as max_hours_late
    from timed
    group by load_id

),

changed as (

    select
        last_load_id as load_id,
        count(*) as sessions_changed
    from sessions
    where first_load_id < last_load_id
    group by last_load_id

)

select
    loads.load_id,
    loads.loaded_at,
    coalesce(measured.rows_in_window, 0) as rows_in_window,
    coalesce(measured.rows_late, 0) as rows_late,
    case when measured.rows_in_window > 0 then 100d * measured.rows_late / measured.rows_in_window end as late_share,
    measured.median_hours_late,
    measured.max_hours_late,
    coalesce(changed.sessions_changed, 0) as sessions_changed
from loads
left join measured on loads.load_id = measured.load_id
left join changed on loads.load_id = changed.load_id
