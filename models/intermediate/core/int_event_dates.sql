with

file_days as (select * from {{ ref('int_file_days') }})

select
    event_date,
    sum(total_rows) as total_rows,
    nullif(array_join(sort_array(collect_set(rules_version)), ', '), '') as rules_versions,
    max(load_id) as load_id
from file_days
where event_date is not null
group by event_date
