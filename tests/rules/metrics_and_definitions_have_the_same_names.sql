with

definitions as (
    select metric_name from {{ ref('metric_definitions') }}
),

metrics as (
    select metric_name from {{ ref('metric_values') }}
),

events as (
    select event_key from {{ ref('fct_events') }}
)

select
    definitions.metric_name as defined,
    metrics.metric_name as measured
from definitions
full outer join metrics on definitions.metric_name = metrics.metric_name
where
    definitions.metric_name is null
    -- Without events nothing can be measured.
    or (metrics.metric_name is null and exists (select 1 from events))
