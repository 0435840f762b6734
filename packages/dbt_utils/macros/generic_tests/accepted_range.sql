{% test accepted_range(model, column_name, min_value=none, max_value=none, inclusive=true) %}
    {{ return(adapter.dispatch('test_accepted_range', 'dbt_utils')(model, column_name, min_value, max_value, inclusive)) }}
{% endtest %}


{# One failure per row below min_value or above max_value; null is in range. #}
{% macro default__test_accepted_range(model, column_name, min_value=none, max_value=none, inclusive=true) %}

{% set or_equal = '' if inclusive else '=' %}
{% set broken = [] %}
{% if min_value is not none %}
    {% do broken.append(column_name ~ ' <' ~ or_equal ~ ' ' ~ min_value) %}
{% endif %}
{% if max_value is not none %}
    {% do broken.append(column_name ~ ' >' ~ or_equal ~ ' ' ~ max_value) %}
{% endif %}

select *
from {{ model }}
where {{ broken | join(' or ') if broken else 'false' }}

{% endmacro %}
