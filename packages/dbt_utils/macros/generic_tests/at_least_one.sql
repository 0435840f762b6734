{% test at_least_one(model, column_name, group_by_columns=[]) %}
    {{ return(adapter.dispatch('test_at_least_one', 'dbt_utils')(model, column_name, group_by_columns)) }}
{% endtest %}


{# One failure per group in which the column is always null; without groups, an empty model fails too. #}
{% macro default__test_at_least_one(model, column_name, group_by_columns) %}

{% if group_by_columns %}

select
    {{ group_by_columns | join(', ') }},
    count({{ column_name }}) as values_found
from {{ model }}
group by {{ group_by_columns | join(', ') }}
having count({{ column_name }}) = 0

{% else %}

{# the limit lets the engine stop at the first value #}
select values_found
from (
    select count(*) as values_found
    from (select 1 from {{ model }} where {{ column_name }} is not null limit 1)
)
where values_found = 0

{% endif %}

{% endmacro %}
