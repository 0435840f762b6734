{% test equality(model, compare_model, compare_columns=none, exclude_columns=none, precision=none) %}
    {{ return(adapter.dispatch('test_equality', 'dbt_utils')(model, compare_model, compare_columns, exclude_columns, precision)) }}
{% endtest %}


{#
    One failure per distinct row that only one side has, plus the amount by which one side has more of
    them than the other. How often a row occurs is not compared.
#}
{% macro default__test_equality(model, compare_model, compare_columns=none, exclude_columns=none, precision=none) %}

{{ config(fail_calc="count(*) + coalesce(abs(sum(if(only_in = 'model', 1, -1))), 0)") }}

{% if compare_columns and exclude_columns %}
    {{ exceptions.raise_compiler_error('equality: give compare_columns or exclude_columns, not both') }}
{% elif not execute %}
    {{ return('') }}
{% endif %}
{% do dbt_utils._require_table(model, 'equality') %}

{% if compare_columns and not precision %}
    {% set columns = compare_columns %}
{% else %}
    {% set columns = dbt_utils._equality_columns(model, compare_columns, exclude_columns, precision) %}
{% endif %}

{% if not compare_columns %}
    {% do dbt_utils._require_table(compare_model, 'equality') %}
    {% set left = dbt_utils._equality_columns(model, none, exclude_columns) | map('lower') | sort %}
    {% set right = dbt_utils._equality_columns(compare_model, none, exclude_columns) | map('lower') | sort %}
    {% if left != right %}
        {{ exceptions.raise_compiler_error('equality: ' ~ model ~ ' and ' ~ compare_model ~ ' have other columns (use compare_columns or exclude_columns)') }}
    {% endif %}
{% endif %}

with a as (

    select {{ columns | join(', ') }} from {{ model }}

),

b as (

    select {{ columns | join(', ') }} from {{ compare_model }}

)

select 'model' as only_in, * from (select * from a {{ dbt.except() }} select * from b)
union all
select 'compare_model' as only_in, * from (select * from b {{ dbt.except() }} select * from a)

{% endmacro %}


{#
    The quoted columns of a table that are to be compared, inexact numbers rounded to `precision`.
    As in dbt-labs/dbt_utils on Spark, that is float and double: dbt knows no decimal(p, s) as numeric.
#}
{% macro _equality_columns(relation, only=none, without=none, precision=none) %}

{% set only = (only or []) | map('lower') | list %}
{% set without = (without or []) | map('lower') | list %}
{% set columns = [] %}
{% for column in adapter.get_columns_in_relation(relation) %}
    {% set name = column.name | lower %}
    {% if (not only or name in only) and name not in without %}
        {% set inexact = column.is_float() or column.is_numeric() or column.data_type == 'double' %}
        {% if precision and inexact %}
            {% set rounded = 'round(cast(' ~ column.quoted ~ ' as ' ~ dbt.type_numeric() ~ '), ' ~ precision ~ ')' %}
            {% do columns.append(rounded ~ ' as ' ~ column.quoted) %}
        {% else %}
            {% do columns.append(column.quoted) %}
        {% endif %}
    {% endif %}
{% endfor %}
{{ return(columns) }}

{% endmacro %}
