{#
    Overrides dbt's: `__tested_load__` in the `where` of a test is the load up to which all was tested before, when
    the test runs, and only then. An env_var in the yml would have dbt parse the file anew, lose descriptions, and
    find the test modified.
#}
{% macro default__get_where_subquery(relation) %}
    {% set where = config.get('where') %}
    {% if not where %}{{ return(relation) }}{% endif %}
    {% set tested = env_var('SHOPSTREAM_TESTED_LOAD', '0') if execute else '0' %}
    {% do return('(select * from ' ~ relation ~ ' where ' ~ where.replace('__tested_load__', tested) ~ ') as tested_rows') %}
{% endmacro %}


{# Overrides dbt's, which ends in a second limit where the query has one of its own. #}
{% macro default__get_limit_sql(sql, limit) %}
    {% do return(sql if limit is none else 'select * from (\n' ~ sql ~ '\n) as shown limit ' ~ limit) %}
{% endmacro %}
