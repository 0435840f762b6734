with

refused_files as (select * from {{ source('landing', 'refused_files') }}),
landed_files as (select * from {{ source('landing', 'landed_files') }}),

list_withdrawn as (
    select
        source_file,
        file_sha256,
        'withdrawn: `shopstream reload` takes it in again' as reason,
        withdrawn_at as seen_at
    from landed_files
    where withdrawn_at is not null
)

select
    source_file,
    file_sha256,
    reason,
    seen_at
from refused_files
-- Not `union all`: an archive can hold two members of one name that are wrong in the same way.
union
select
    source_file,
    file_sha256,
    reason,
    seen_at
from list_withdrawn
