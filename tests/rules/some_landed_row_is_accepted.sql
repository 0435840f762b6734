with

totals as (
    select
        sum(rows_read) as rows_read,
        sum(rows_accepted) as rows_accepted
    from {{ ref('row_ledger') }}
)

select rows_read from totals where rows_read > 0 and rows_accepted = 0
