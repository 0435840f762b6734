{{ config(severity='warn') }}
select
    event_date,
    source_file,
    total_rows
from {{ ref('stray_dates') }}
