{% test unique_combination_of_columns(model, combination_of_columns, quote_columns=false) %}
    {{ return(adapter.dispatch('test_unique_combination_of_columns', 'dbt_utils')(model, combination_of_columns, quote_columns)) }}
{% endtest %}


{# One failure per combination that occurs more than once. #}
{% macro default__test_unique_combination_of_columns(model, combination_of_columns, quote_columns=false) %}

{% set key = [] %}
{% for column in combination_of_columns %}
    {% do key.append(adapter.quote(column) if quote_columns else column) %}
{% endfor %}

select {{ key | join(', ') }}
from {{ model }}
group by {{ key | join(', ') }}
having count(*) > 1

{% endmacro %}
