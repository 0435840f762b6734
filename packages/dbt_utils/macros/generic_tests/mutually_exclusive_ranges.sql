{% test mutually_exclusive_ranges(model, lower_bound_column, upper_bound_column, partition_by=none, gaps='allowed', zero_length_range_allowed=false) %}
    {{ return(adapter.dispatch('test_mutually_exclusive_ranges', 'dbt_utils')(model, lower_bound_column, upper_bound_column, partition_by, gaps, zero_length_range_allowed)) }}
{% endtest %}


{# One failure per range that is empty or reversed, has a null bound, or meets the next one in a way `gaps` forbids. #}
{% macro default__test_mutually_exclusive_ranges(model, lower_bound_column, upper_bound_column, partition_by=none, gaps='allowed', zero_length_range_allowed=false) %}

{% set to_next = {'allowed': '<=', 'not_allowed': '=', 'required': '<'} %}
{% if gaps not in to_next %}
    {{ exceptions.raise_compiler_error('mutually_exclusive_ranges: gaps must be one of ' ~ to_next.keys() | join(', ') ~ ', not ' ~ gaps) }}
{% endif %}
{% set to_upper = '<=' if zero_length_range_allowed else '<' %}
{% set partition = 'partition by ' ~ partition_by if partition_by else '' %}

with ranges as (

    select
        {% if partition_by %}{{ partition_by }} as partition_by_col,{% endif %}
        {{ lower_bound_column }} as lower_bound,
        {{ upper_bound_column }} as upper_bound,
        lead({{ lower_bound_column }}) over (
            {{ partition }} order by {{ lower_bound_column }}, {{ upper_bound_column }}
        ) as next_lower_bound,
        row_number() over (
            {{ partition }} order by {{ lower_bound_column }} desc, {{ upper_bound_column }} desc
        ) = 1 as is_last
    from {{ model }}

)

select *
from ranges
where not coalesce(lower_bound {{ to_upper }} upper_bound, false)
   or not coalesce(upper_bound {{ to_next[gaps] }} next_lower_bound, is_last)

{% endmacro %}
