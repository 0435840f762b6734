{{ config(severity='warn') }}
-- Above 5 % the window (vars window_start, window_end) is likely not the one meant.
select
    sum(rows_out_of_window) as rows_out_of_window,
    sum(rows_read) as rows_read
from {{ ref('row_ledger') }}
having 100d * sum(rows_out_of_window) / sum(rows_read) > 5
