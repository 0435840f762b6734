{{ config(materialized='incremental', partition_by='event_date') }}

with

delivered_rows as (select * from {{ ref('stg_rows') }} where fate = 'in_window' and {{ on_changed_dates(of_rows=true) }}),
event_dates as (select * from {{ ref('int_event_dates') }} where {{ on_changed_dates(of_rows=true) }}),

count_rows as (
    select
        event_date,
        event_key,
        count(*) as total_rows
    from delivered_rows
    group by event_date, event_key
)

select
    count_rows.event_date,
    count_rows.event_key,
    event_dates.load_id
from count_rows
inner join event_dates on count_rows.event_date = event_dates.event_date
where count_rows.total_rows > 1
union all
-- A mark of the date, or one without repeated keys would be looked at by every load.
select
    event_date,
    null as event_key,
    load_id
from event_dates
-- One file a date, not one of each task (docs/decisions/one-file-a-date.md).
{{ distribute_by('event_date') }}
