with

dates as (select * from {{ ref('int_event_dates') }})

select
    event_date,
    load_id,
    rules_versions,
    total_rows
from dates
where total_rows > 0
