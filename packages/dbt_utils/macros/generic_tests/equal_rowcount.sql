{% test equal_rowcount(model, compare_model, group_by_columns=[]) %}
    {{ return(adapter.dispatch('test_equal_rowcount', 'dbt_utils')(model, compare_model, group_by_columns)) }}
{% endtest %}


{#
    As many failures as the row counts differ by, summed over the groups that both sides have.
    As in dbt-labs/dbt_utils, a group that one side lacks (an empty model too) counts as no difference.
#}
{% macro default__test_equal_rowcount(model, compare_model, group_by_columns) %}

{{ config(fail_calc='sum(coalesce(diff_count, 0))') }}

{# without groups, all rows are one group #}
{% set groups = ['whole_model'] + group_by_columns %}

with a as (

    select *, count(*) as count_a
    from (select 1 as whole_model{% for column in group_by_columns %}, {{ column }}{% endfor %} from {{ model }})
    group by all

),

b as (

    select *, count(*) as count_b
    from (select 1 as whole_model{% for column in group_by_columns %}, {{ column }}{% endfor %} from {{ compare_model }})
    group by all

)

select
    {% for column in group_by_columns %}
    a.{{ column }} as {{ column }}_a,
    b.{{ column }} as {{ column }}_b,
    {% endfor %}
    count_a,
    count_b,
    abs(count_a - count_b) as diff_count
from a
full join b
    on {% for column in groups %}{{ 'and ' if not loop.first }}a.{{ column }} = b.{{ column }} {% endfor %}

{% endmacro %}
