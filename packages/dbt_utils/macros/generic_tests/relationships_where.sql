{% test relationships_where(model, column_name, to, field, from_condition='1=1', to_condition='1=1') %}
    {{ return(adapter.dispatch('test_relationships_where', 'dbt_utils')(model, column_name, to, field, from_condition, to_condition)) }}
{% endtest %}


{# One failure per row of the child (under from_condition) without a parent (under to_condition). #}
{% macro default__test_relationships_where(model, column_name, to, field, from_condition='1=1', to_condition='1=1') %}

with child as (

    select {{ column_name }} as id
    from {{ model }}
    where {{ column_name }} is not null and {{ from_condition }}

),

parent as (

    select {{ field }} as id
    from {{ to }}
    where {{ field }} is not null and {{ to_condition }}

)

select child.id
from child
where not exists (select 1 from parent where parent.id = child.id)

{% endmacro %}
