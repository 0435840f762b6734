{{ config(severity='warn') }}
with

totals as (
    select
        sum(rows_out_of_window) as rows_out_of_window,
        sum(rows_read) as rows_read
    from {{ ref('row_ledger') }}
)

select * from totals where 100d * rows_out_of_window / rows_read > 5
