with

ledger as (select * from {{ ref('row_ledger') }}),

kept as (
    select
        file_sha256,
        count(*) as total_rows
    from {{ ref('quarantined_events') }}
    group by file_sha256
)

select
    ledger.source_file,
    ledger.rows_quarantined,
    kept.total_rows
from ledger
full join kept on ledger.file_sha256 = kept.file_sha256
where coalesce(ledger.rows_quarantined, 0) != coalesce(kept.total_rows, 0)
