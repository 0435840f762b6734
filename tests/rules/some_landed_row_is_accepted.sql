select sum(rows_read) as rows_read
from {{ ref('row_ledger') }}
having sum(rows_read) > 0 and sum(rows_accepted) = 0
