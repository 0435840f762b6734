{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false, on_schema_change='append_new_columns') }}

{% set newest = newest_load() %}
{# A full refresh takes all files in as one load: they had come before. #}
{% set delivered = 'false' if execute and is_incremental() and var('rebuild_staging') else 'load_id > ' ~ newest %}

with

delivered_rows as (select * from {{ ref('stg_rows') }} where fate = 'in_window' and {{ delivered }}),
file_days as (select * from {{ ref('int_file_days') }}),
sessions as (select * from {{ ref('dim_sessions') }} where last_load_id > {{ newest }}),
loads as (select * from {{ source('landing', 'loads') }} where load_id > {{ newest }}),
landed_files as (select * from {{ source('landing', 'landed_files') }}),

-- Not what a backfill computed anew or a reload took in again: that had come before.
find_deliveries as (
    select
        landed_files.first_load_id as load_id,
        delivered_rows.event_time
    from delivered_rows
    inner join landed_files on delivered_rows.file_key = landed_files.file_key
),

-- How far the events of all earlier loads reached.
find_reach as (
    select
        loads.load_id,
        max(file_days.last_event_at) as last_event_at
    from loads
    left join landed_files on loads.load_id > landed_files.first_load_id
    left join file_days on landed_files.file_key = file_days.file_key and file_days.fate = 'in_window'
    group by loads.load_id
),

measure_delays as (
    -- Few loads: sent to the tasks, or all rows would be shuffled to one of them.
    select /*+ broadcast(find_reach) */
        deliveries.load_id,
        case
            when deliveries.event_time < find_reach.last_event_at
                then timestampdiff(second, deliveries.event_time, find_reach.last_event_at) / 3600d
        end as hours_late
    from find_deliveries as deliveries
    -- Loads are those not told of yet, so files that came with an earlier one fall out.
    inner join find_reach on deliveries.load_id = find_reach.load_id
),

sum_delays as (
    select
        load_id,
        count(*) as rows_in_window,
        count(hours_late) as rows_late,
        percentile(hours_late, 0.5) as median_hours_late,
        max(hours_late) as max_hours_late
    from measure_delays
    group by load_id
),

count_changed_sessions as (
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
    coalesce(sum_delays.rows_in_window, 0) as rows_in_window,
    coalesce(sum_delays.rows_late, 0) as rows_late,
    case when sum_delays.rows_in_window > 0 then 100d * sum_delays.rows_late / sum_delays.rows_in_window end as late_share,
    sum_delays.median_hours_late,
    sum_delays.max_hours_late,
    coalesce(count_changed_sessions.sessions_changed, 0) as sessions_changed
from loads
left join sum_delays on loads.load_id = sum_delays.load_id
left join count_changed_sessions on loads.load_id = count_changed_sessions.load_id
