{{ config(severity='warn') }}
select
    sum(rows_out_of_window) as rows_out_of_window,
    sum(rows_read) as rows_read
from {{ ref('row_ledger') }}
having 100d * sum(rows_out_of_window) / sum(rows_read) > 5
