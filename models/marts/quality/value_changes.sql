with

file_days as (select * from {{ ref('int_file_days') }} where changes > 0),
landed_files as (select * from {{ source('landing', 'landed_files') }} where withdrawn_at is null),
change_kinds as (select * from {{ ref('change_kinds') }}),

-- Few combinations of changes occur, so each is summed once before it is taken apart.
sum_combinations as (
    select
        file_key,
        changes,
        sum(total_rows) as total_rows
    from file_days
    group by file_key, changes
),

count_changes as (
    select
        sum_combinations.file_key,
        change_kinds.change_bit,
        sum(sum_combinations.total_rows) as rows_changed
    from sum_combinations
    inner join change_kinds on sum_combinations.changes & change_kinds.change_bit > 0
    group by sum_combinations.file_key, change_kinds.change_bit
),

name_changes as (
    select
        *,
        case
            when delivered = 'more than the maximum' then '{{ var("max_price") }}'
            else {{ default_of('column_name') }}
        end as becomes
    from change_kinds
)

select
    landed_files.source_file,
    landed_files.file_sha256,
    landed_files.load_id,
    name_changes.column_name,
    name_changes.delivered,
    name_changes.becomes,
    landed_files.rows_read,
    coalesce(count_changes.rows_changed, 0) as rows_changed,
    case
        when landed_files.rows_read > 0 then 100d * coalesce(count_changes.rows_changed, 0) / landed_files.rows_read
    end as share_changed
from landed_files
cross join name_changes
left join count_changes
    on landed_files.file_key = count_changes.file_key
    and name_changes.change_bit = count_changes.change_bit
