{% test recency(model, field, datepart, interval, ignore_time_component=false, group_by_columns=[]) %}
    {{ return(adapter.dispatch('test_recency', 'dbt_utils')(model, field, datepart, interval, ignore_time_component, group_by_columns)) }}
{% endtest %}


{# One failure per group whose latest value is older than `interval` dateparts, or is null. #}
{% macro default__test_recency(model, field, datepart, interval, ignore_time_component, group_by_columns) %}

{% set type = 'date' if ignore_time_component else dbt.type_timestamp() %}
{% set oldest_allowed = dbt.dateadd(datepart, -interval, dbt.current_timestamp()) %}
{% set latest = 'cast(max(' ~ field ~ ') as date)' if ignore_time_component else 'max(' ~ field ~ ')' %}

with latest as (

    select
        {% for column in group_by_columns %}{{ column }}, {% endfor %}
        {{ latest }} as most_recent,
        cast({{ oldest_allowed }} as {{ type }}) as threshold
    from {{ model }}
    {% if group_by_columns %}group by {{ group_by_columns | join(', ') }}{% endif %}

)

select *
from latest
where most_recent < threshold
{# `dbt build --empty` leaves nothing to be recent #}
{% if not flags.EMPTY %}or most_recent is null{% endif %}

{% endmacro %}
