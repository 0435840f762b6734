with

coverage as (select * from {{ ref('int_date_coverage') }} where is_stray),
file_days as (select * from {{ ref('int_file_days') }} where fate = 'in_window'),
landed_files as (select * from {{ source('landing', 'landed_files') }} where withdrawn_at is null)

select
    coverage.event_date,
    landed_files.source_file,
    landed_files.file_sha256,
    sum(file_days.total_rows) as total_rows
from coverage
inner join file_days on coverage.event_date = file_days.event_date
inner join landed_files on file_days.file_key = landed_files.file_key
group by coverage.event_date, landed_files.source_file, landed_files.file_sha256
