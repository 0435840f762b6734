with

definitions as (

    select metric_name from {{ ref('metric_definitions') }}

),

metrics as (

    select metric_name from {{ ref('metric_values') }}

)

select
    definitions.metric_name as defined,
    metrics.metric_name as measured
from definitions
full outer join metrics on definitions.metric_name = metrics.metric_name
where definitions.metric_name is null or metrics.metric_name is null
