{% macro get_intervals_between(start_date, end_date, datepart) %}
    {{ return(adapter.dispatch('get_intervals_between', 'dbt_utils')(start_date, end_date, datepart)) }}
{% endmacro %}


{# Asks the engine; 1 while dbt only parses. #}
{% macro default__get_intervals_between(start_date, end_date, datepart) %}
    {% if not execute %}
        {{ return(1) }}
    {% endif %}
    {% set answer = run_query('select ' ~ dbt.datediff(start_date, end_date, datepart)) %}
    {{ return(answer.columns[0].values()[0] | int) }}
{% endmacro %}


{% macro date_spine(datepart, start_date, end_date) %}
    {{ return(adapter.dispatch('date_spine', 'dbt_utils')(datepart, start_date, end_date)) }}
{% endmacro %}


{#
    One row per datepart from start_date up to, but without, end_date.
    Only the dateparts for which dbt-labs/dbt_utils is right on Spark: of hours, weeks, quarters and years it
    makes wrong rows there, without an error (README.md), so a model that used them would change with the package.
#}
{% macro default__date_spine(datepart, start_date, end_date) %}

{% if datepart not in ['second', 'day', 'month'] %}
    {{ exceptions.raise_compiler_error('date_spine: second, day or month on Spark, not ' ~ datepart ~ ' (why: packages/dbt_utils/README.md)') }}
{% endif %}

{% set periods = dbt_utils.get_intervals_between(start_date, end_date, datepart) %}

with numbers as (

    {{ dbt_utils.generate_series(periods) }}

),

spine as (

    select {{ dbt.dateadd(datepart, '(generated_number - 1)', start_date) }} as date_{{ datepart }}
    from numbers

)

select *
from spine
where date_{{ datepart }} <= {{ end_date }}

{% endmacro %}
