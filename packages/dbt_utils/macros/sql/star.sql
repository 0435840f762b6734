{% macro star(from, relation_alias=false, except=[], prefix='', suffix='', quote_identifiers=true) %}
    {{ return(adapter.dispatch('star', 'dbt_utils')(from, relation_alias, except, prefix, suffix, quote_identifiers)) }}
{% endmacro %}


{# The columns of a relation as a select list; `*` while dbt only parses. #}
{% macro default__star(from, relation_alias=false, except=[], prefix='', suffix='', quote_identifiers=true) %}

{% do dbt_utils._require_table(from, 'star') %}
{% if not execute %}
    {{ return('*') }}
{% endif %}

{% set left_out = except | map('lower') | list %}
{% set columns = [] %}
{% for name in adapter.get_columns_in_relation(from) | map(attribute='name') if name | lower not in left_out %}
    {% set column = adapter.quote(name) if quote_identifiers else name %}
    {% set alias = prefix ~ name ~ suffix %}
    {% set alias = adapter.quote(alias) if quote_identifiers else alias %}
    {% do columns.append(
        (relation_alias ~ '.' if relation_alias else '') ~ column ~ (' as ' ~ alias if prefix or suffix else '')
    ) %}
{% endfor %}

{% if not columns %}
    {# what `dbt compile` shows of a relation that isn't built yet; a run stops at the missing select list #}
    {{ return('*' if flags.WHICH == 'compile' else '/* star() found no columns */') }}
{% endif %}
{{ return(columns | join(',\n  ')) }}

{% endmacro %}
