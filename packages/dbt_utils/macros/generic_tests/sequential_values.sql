{% test sequential_values(model, column_name, interval=1, datepart=none, group_by_columns=[]) %}
    {{ return(adapter.dispatch('test_sequential_values', 'dbt_utils')(model, column_name, interval, datepart, group_by_columns)) }}
{% endtest %}


{# One failure per value that is not its predecessor (in its group) plus the interval. #}
{% macro default__test_sequential_values(model, column_name, interval=1, datepart=none, group_by_columns=[]) %}

{% if datepart %}
    {% set actual = 'cast(this_value as ' ~ dbt.type_timestamp() ~ ')' %}
    {% set expected = 'cast(' ~ dbt.dateadd(datepart, interval, 'previous_value') ~ ' as ' ~ dbt.type_timestamp() ~ ')' %}
{% else %}
    {% set actual = 'this_value' %}
    {% set expected = 'previous_value + ' ~ interval %}
{% endif %}

with steps as (

    select
        {% for column in group_by_columns %}{{ column }}, {% endfor %}
        {{ column_name }} as this_value,
        lag({{ column_name }}) over (
            {% if group_by_columns %}partition by {{ group_by_columns | join(', ') }}{% endif %}
            order by {{ column_name }}
        ) as previous_value
    from {{ model }}

)

select *
from steps
where {{ actual }} <> {{ expected }}

{% endmacro %}
