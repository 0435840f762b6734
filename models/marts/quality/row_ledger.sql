with

landed_files as (select * from {{ source('landing', 'landed_files') }}),
file_days as (select * from {{ ref('int_file_days') }}),
left_out_rows as (select * from {{ ref('int_left_out_rows') }}),

count_duplicates as (
    select
        file_key,
        count_if(reason is null) as rows_duplicate,
        count(reason) as rows_collided
    from left_out_rows
    group by file_key
),

count_fates as (
    select
        file_key,
        sum(case when fate = 'in_window' then total_rows else 0 end) as rows_in_window,
        sum(case when fate = 'out_of_window' then total_rows else 0 end) as rows_out_of_window,
        sum(case when fate = 'quarantined' then total_rows else 0 end) as rows_quarantined,
        sum(case when fate = 'erased' then total_rows else 0 end) as rows_erased
    from file_days
    group by file_key
)

select
    landed_files.source_file,
    landed_files.file_sha256,
    landed_files.load_id,
    landed_files.loaded_at,
    landed_files.rows_read,
    coalesce(count_fates.rows_in_window, 0) - coalesce(count_duplicates.rows_duplicate + count_duplicates.rows_collided, 0) as rows_accepted,
    coalesce(count_duplicates.rows_duplicate, 0) as rows_duplicate,
    coalesce(count_fates.rows_out_of_window, 0) as rows_out_of_window,
    coalesce(count_fates.rows_quarantined, 0) + coalesce(count_duplicates.rows_collided, 0) as rows_quarantined,
    coalesce(count_fates.rows_erased, 0) as rows_erased
from landed_files
left join count_fates on landed_files.file_key = count_fates.file_key
left join count_duplicates on landed_files.file_key = count_duplicates.file_key
where landed_files.withdrawn_at is null
