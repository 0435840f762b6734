{{ config(materialized='incremental', partition_by='event_date') }}

with

events as (select * from {{ ref('fct_events') }} where {{ on_changed_dates() }}),

roll_up_types as (
    select
        event_date,
        event_type,
        count(*) as total_events,
        sum(quantity) as total_units,
        {{ money_sum('price') }} as total_price,
        {{ money_sum(amount()) }} as total_amount,
        min(price) as min_price,
        max(price) as max_price,
        count_if(price = 0) as free_events,
        max(load_id) as load_id
    from events
    group by event_date, event_type
)

select
    event_date,
    event_type,
    total_events,
    total_units,
    total_price,
    total_amount,
    cast(round(total_price / total_events, 2) as decimal(12, 2)) as mean_price,
    min_price,
    max_price,
    free_events,
    load_id
from roll_up_types
