{{ config(materialized='view') }}

with

file_fates as (

    select * from {{ ref('stg_file_fates') }}

)

select
    event_date,
    max(load_id) as load_id
from file_fates
where fate = 'in_window'
group by event_date
