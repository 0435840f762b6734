{% test expression_is_true(model, expression, column_name=none) %}
    {{ return(adapter.dispatch('test_expression_is_true', 'dbt_utils')(model, expression, column_name)) }}
{% endtest %}


{# One failure per row for which the expression is false; null passes. #}
{% macro default__test_expression_is_true(model, expression, column_name) %}

{% set condition = expression if column_name is none else column_name ~ ' ' ~ expression %}

select {{ '*' if should_store_failures() else '1 as failure' }}
from {{ model }}
where not ({{ condition }})

{% endmacro %}
