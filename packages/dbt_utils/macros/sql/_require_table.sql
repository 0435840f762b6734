{# Stop with a clear message where a macro has to read the columns of something that is no table or view. #}
{% macro _require_table(relation, macro) %}
    {% if relation is not mapping %}
        {{ exceptions.raise_compiler_error(macro ~ ' needs a ref or a source, not: ' ~ relation) }}
    {% elif relation.is_cte %}
        {{ exceptions.raise_compiler_error(macro ~ ' reads the columns of ' ~ relation.name ~ ', which is ephemeral: make it a view or a table') }}
    {% endif %}
{% endmacro %}
