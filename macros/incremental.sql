{#
    The dates this model has to build, as a predicate: those whose load_id differs from what this table
    holds. Derived from the tables alone, so a model that was interrupted catches up by itself.
    versions: relation with event_date and load_id, one or many rows a date.
#}
{% macro stale_dates(versions) %}
    {%- if not execute -%} false
    {%- elif not is_incremental() -%} true
    {%- else -%}
        {%- set found = run_query(
            'with wanted as (select event_date, max(load_id) as load_id from ' ~ versions ~ ' group by event_date), '
            ~ 'held as (select event_date, max(load_id) as load_id from ' ~ this ~ ' group by event_date) '
            ~ 'select cast(coalesce(wanted.event_date, held.event_date) as string) '
            ~ 'from wanted full join held on wanted.event_date = held.event_date '
            ~ 'where wanted.load_id is distinct from held.load_id order by 1'
        ) -%}
        {{ in_dates(found.columns[0].values()) }}
    {%- endif -%}
{% endmacro %}


{% macro in_dates(dates) -%}
    {%- if dates -%} event_date in (date'{{ dates | join("', date'") }}')
    {%- else -%} false
    {%- endif -%}
{%- endmacro %}


{#
    The dates that were built after this table was last brought up to date, as a predicate. For tables by
    key, which keep the highest load_id they have seen.
#}
{% macro newer_dates(versions) %}
    {%- if not execute -%} false
    {%- elif not is_incremental() -%} true
    {%- else -%}
        {%- set found = run_query(
            'select cast(event_date as string) from ' ~ versions ~ ' group by event_date '
            ~ 'having max(load_id) > (select coalesce(max(load_id), 0) from ' ~ this ~ ') order by 1'
        ) -%}
        {{ in_dates(found.columns[0].values()) }}
    {%- endif -%}
{% endmacro %}


{% macro dbt_spark_validate_get_incremental_strategy(raw_strategy, file_format) %}
    {% if raw_strategy not in ['append', 'replace_where', 'upsert'] %}
        {% do exceptions.raise_compiler_error(
            'Incremental strategy ' ~ raw_strategy ~ ' is not one of append, replace_where, upsert '
            ~ '(docs/decisions/incremental.md says why).'
        ) %}
    {% endif %}
    {% do return(raw_strategy) %}
{% endmacro %}


{% macro dbt_spark_get_incremental_sql(strategy, source, target, existing, unique_key, incremental_predicates) %}
    {% set columns = adapter.get_columns_in_relation(target) | map(attribute='quoted') | list %}
    {%- if '-- replace where: false' in model['compiled_code'] -%}
        select 'nothing to do'
    {%- elif strategy == 'append' -%}
        insert into {{ target }} ({{ columns | join(', ') }}) select {{ columns | join(', ') }} from {{ source }}
    {%- elif strategy == 'replace_where' -%}
        {#- The model states the predicate it was built for in its compiled SQL. -#}
        insert into {{ target }} replace where {{ replaced(model['compiled_code']) }}
        select {{ columns | join(', ') }} from {{ source }}
    {%- elif strategy == 'upsert' -%}
        {#- A key without events left is deleted, so that an update equals a rebuild. -#}
        merge into {{ target }} as held using {{ source }} as built on held.{{ unique_key }} = built.{{ unique_key }}
        when matched and built.total_events = 0 then delete
        when matched then update set *
        when not matched and built.total_events > 0 then insert *
    {%- endif -%}
{% endmacro %}


{% macro replaced(compiled_code) -%}
    {{ compiled_code.split('-- replace where: ')[1].split('\n')[0] }}
{%- endmacro %}


{# Spreads the rows of each written date over a few tasks: dates are skewed keys, a daily load has one. #}
{% macro distribute_salted(key) -%}
    distribute by event_date, pmod({{ key }}, {{ var('write_salt_buckets') }})
{%- endmacro %}


{% macro event_columns() -%}
    event_date, event_key, event_time, event_type, product_id, category_id, category_code, brand, price,
    user_id, user_session, file_key
{%- endmacro %}
