{% macro get_powers_of_two(upper_bound) %}
    {{ return(adapter.dispatch('get_powers_of_two', 'dbt_utils')(upper_bound)) }}
{% endmacro %}


{# The smallest n of at least 1 with upper_bound <= 2^n. #}
{% macro default__get_powers_of_two(upper_bound) %}
    {% if upper_bound <= 0 %}
        {{ exceptions.raise_compiler_error('upper bound must be positive, not ' ~ upper_bound) }}
    {% endif %}
    {{ return([1, (upper_bound | int - 1).bit_length()] | max) }}
{% endmacro %}


{% macro generate_series(upper_bound) %}
    {{ return(adapter.dispatch('generate_series', 'dbt_utils')(upper_bound)) }}
{% endmacro %}


{# 1 to upper_bound. A double, as dbt-labs/dbt_utils has it on Spark. #}
{% macro default__generate_series(upper_bound) %}
    {# Spark's range() needs no powers of two: this call only refuses a bound below 1 #}
    {% do dbt_utils.get_powers_of_two(upper_bound) %}
    select cast(id as double) as generated_number
    from range(1, {{ upper_bound }} + 1)
    order by generated_number
{% endmacro %}
