with

ledger as (
    select coalesce(sum(rows_accepted), 0) as total_rows from {{ ref('row_ledger') }}
),

events as (
    select count(*) as total_rows from {{ ref('fct_events') }}
)

select
    ledger.total_rows as rows_accepted,
    events.total_rows as rows_in_fact
from ledger
cross join events
where ledger.total_rows != events.total_rows
