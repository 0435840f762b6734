{% test mutually_exclusive_ranges(model, lower_bound_column, upper_bound_column, partition_by, gaps) %}
    {{ return(adapter.dispatch('test_mutually_exclusive_ranges', 'dbt_utils')(model, lower_bound_column, upper_bound_column, partition_by, gaps)) }}
{% endtest %}


{# One failure per range that is empty or reversed, has a null bound, or does not end where the next one starts. #}
{% macro default__test_mutually_exclusive_ranges(model, lower_bound_column, upper_bound_column, partition_by, gaps) %}

{% if gaps != 'not_allowed' %}
    {{ exceptions.raise_compiler_error('mutually_exclusive_ranges: gaps must be not_allowed here, not ' ~ gaps) }}
{% endif %}

with ranges as (

    select
        {{ partition_by }} as partition_by_col,
        {{ lower_bound_column }} as lower_bound,
        {{ upper_bound_column }} as upper_bound,
        lead({{ lower_bound_column }}) over (
            partition by {{ partition_by }} order by {{ lower_bound_column }}, {{ upper_bound_column }}
        ) as next_lower_bound,
        row_number() over (
            partition by {{ partition_by }} order by {{ lower_bound_column }} desc, {{ upper_bound_column }} desc
        ) = 1 as is_last
    from {{ model }}

)

select *
from ranges
where not coalesce(lower_bound < upper_bound, false)
   or not coalesce(upper_bound = next_lower_bound, is_last)

{% endmacro %}
