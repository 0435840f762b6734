{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false, on_schema_change='append_new_columns') }}

{% set newest = newest_load() %}
{# A full refresh takes all files in as one load: they had come before. #}
{% set delivered = 'false' if execute and is_incremental() and var('rebuild_staging') else 'true' %}

with

delivered_rows as (select * from {{ ref('stg_rows') }} where fate = 'in_window'),
file_days as (select * from {{ ref('int_file_days') }} where fate = 'in_window' and {{ delivered }}),
sessions as (select * from {{ ref('dim_sessions') }} where first_load_id < last_load_id and last_load_id > {{ newest }}),
loads as (select * from {{ source('landing', 'loads') }} where load_id > {{ newest }}),
landed_files as (select * from {{ source('landing', 'landed_files') }}),

-- How far the events of all earlier loads reached, and what came with the load; not what a backfill computed anew
-- or a reload took in again, that had come with a load told of already.
sum_loads as (
    select
        loads.load_id,
        loads.loaded_at,
        max(case when landed_files.first_load_id < loads.load_id then file_days.last_event_at end) as reached_at,
        sum(case when landed_files.first_load_id = loads.load_id then file_days.total_rows end) as rows_in_window
    from loads
    left join landed_files on loads.load_id >= landed_files.first_load_id
    left join file_days on landed_files.file_key = file_days.file_key
    group by loads.load_id, loads.loaded_at
),

-- The only dates that can have a late row: few after a daily load, none after the first, so few rows are read.
find_late_dates as (
    select distinct file_days.event_date
    from file_days
    inner join landed_files on file_days.file_key = landed_files.file_key
    inner join sum_loads on landed_files.first_load_id = sum_loads.load_id
    where file_days.event_date <= cast(sum_loads.reached_at as date)
),

-- An event came with the first load that delivered it; all later rows of it are copies.
find_first_deliveries as (
    select /*+ broadcast(find_late_dates) */
        delivered_rows.event_date,
        delivered_rows.event_key,
        delivered_rows.event_time,
        min(landed_files.first_load_id) as load_id
    from delivered_rows
    inner join find_late_dates on delivered_rows.event_date = find_late_dates.event_date
    inner join landed_files on delivered_rows.file_key = landed_files.file_key
    group by delivered_rows.event_date, delivered_rows.event_key, delivered_rows.event_time
),

sum_delays as (
    select
        deliveries.load_id,
        count(*) as rows_late,
        percentile(timestampdiff(second, deliveries.event_time, loads.reached_at) / 3600d, 0.5) as median_hours_late,
        max(timestampdiff(second, deliveries.event_time, loads.reached_at) / 3600d) as max_hours_late
    from find_first_deliveries as deliveries
    inner join sum_loads as loads on deliveries.load_id = loads.load_id
    where deliveries.event_time < loads.reached_at
    group by deliveries.load_id
),

count_changed_sessions as (
    select
        last_load_id as load_id,
        count(*) as sessions_changed
    from sessions
    group by last_load_id
)

select
    loads.load_id,
    loads.loaded_at,
    coalesce(loads.rows_in_window, 0) as rows_in_window,
    coalesce(sum_delays.rows_late, 0) as rows_late,
    case when loads.rows_in_window > 0 then 100d * coalesce(sum_delays.rows_late, 0) / loads.rows_in_window end as late_share,
    sum_delays.median_hours_late,
    sum_delays.max_hours_late,
    coalesce(count_changed_sessions.sessions_changed, 0) as sessions_changed
from sum_loads as loads
left join sum_delays on loads.load_id = sum_delays.load_id
left join count_changed_sessions on loads.load_id = count_changed_sessions.load_id
