{% macro generate_surrogate_key(field_list) %}
    {{ return(adapter.dispatch('generate_surrogate_key', 'dbt_utils')(field_list)) }}
{% endmacro %}


{# A hash (md5 as hex) of the fields as text, with `-` between them and a word of its own for null. #}
{% macro default__generate_surrogate_key(field_list) %}

{% set parts = [] %}
{% for field in field_list %}
    {% if parts %}{% do parts.append("'-'") %}{% endif %}
    {% do parts.append('coalesce(cast(' ~ field ~ ' as ' ~ dbt.type_string() ~ "), '_dbt_utils_surrogate_key_null_')") %}
{% endfor %}
{{ return(dbt.hash(dbt.concat(parts))) }}

{% endmacro %}
