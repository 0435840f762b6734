{{
    config(
        materialized='incremental',
        incremental_strategy='replace_where',
        partition_by='event_date',
        full_refresh=true if var('rebuild_staging') else false,
    )
}}

{% set dates = stale_dates(ref('stg_event_dates')) %}
-- replace where: {{ dates }}

with

classified_rows as (

    select * from {{ ref('stg_classified_rows') }} where fate = 'in_window' and {{ dates }}

),

event_dates as (

    select * from {{ ref('stg_event_dates') }}

),

-- What was accepted before competes again, so that the order of arrival does not matter.
united as (

    select {{ event_columns() }} from classified_rows
    {% if is_incremental() -%}
    union all
    select {{ event_columns() }} from {{ this }} where {{ dates }}
    {%- endif %}

),

-- Few keys repeat: finding them by hash first keeps wide rows out of the shuffle.
repeated_keys as (

    select event_key from united group by event_key having count(*) > 1

),

ranked as (

    select
        united.*,
        row_number() over (
            partition by event_time, user_id, product_id, event_type, price
            order by user_session, category_id, category_code, brand, file_key
        ) as duplicate_rank
    from united
    inner join repeated_keys on united.event_key = repeated_keys.event_key

),

deduplicated as (

    select {{ event_columns() }} from united left anti join repeated_keys using (event_key)
    union all
    select {{ event_columns() }} from ranked where duplicate_rank = 1

)

select
    deduplicated.*,
    event_dates.load_id
from deduplicated
inner join event_dates on deduplicated.event_date = event_dates.event_date
