{#
    What is left to do is derived from what the tables hold, so a model that was interrupted catches up by
    itself. Every table carries load_id; the highest one it holds is how far it has come.
#}
{% macro newest_load() -%}
    {{ run_query('select coalesce(max(load_id), 0) from ' ~ this).columns[0][0] }}
{%- endmacro %}


{# Rows of files that were loaded, taken out or loaded again after this table was built, as a predicate. #}
{% macro new_rows() %}
    {%- set backfill = var('backfill') -%}
    {%- if not execute -%} false
    {%- elif not is_incremental() -%} true
    {%- elif backfill and backfill.first_date -%}
        (event_date is null or event_date between date'{{ backfill.first_date }}' and date'{{ backfill.last_date }}')
        {#- A row without a place in the window may have a time all the same; a time that a default gave (the highest bit of changes) is no place. #} and cast(event_time as date) between date'{{ backfill.first_date }}' and date'{{ backfill.last_date }}' and changes < 4096
    {%- elif backfill -%} true
    {%- else -%}
        {%- set newest = newest_load() -%}
        {%- set files = run_query(
            'select file_key from ' ~ source('landing', 'landed_files') ~ ' where load_id > ' ~ newest ~ ' order by 1'
        ).columns[0].values() -%}
        {#- Asked of the rows, not of the register: a full refresh that was cut short numbered all files anew. -#}
        {%- set replaced_files = run_query(
            'select distinct file_key from ' ~ this ~ ' where file_key in (' ~ files | join(', ') ~ ') order by 1'
        ).columns[0].values() if files else [] -%}
        load_id > {{ newest }}{% if replaced_files %} or file_key in ({{ replaced_files | join(', ') }}){% endif %}
    {%- endif -%}
{% endmacro %}


{#
    The dates whose rows changed since this table was built, as a predicate. Rows without a place in the
    window have no date.
    rows: relation with event_date and load_id, one row a delivered row.
#}
{% macro dates_with_new_rows(rows) %}
    {%- if not execute -%} false
    {%- elif not is_incremental() -%} true
    {%- else -%}
        {%- set newest = newest_load() -%}
        {{ in_dates(run_query(
            'select distinct cast(event_date as string) from ('
            ~ 'select event_date from ' ~ rows ~ ' where load_id > ' ~ newest
            ~ ' union all select event_date from ' ~ source('landing', 'backfills') ~ ' where load_id > ' ~ newest
            ~ ' union all select event_date from ' ~ this ~ ' where file_key in (select file_key from '
            ~ source('landing', 'landed_files') ~ ' where load_id > ' ~ newest ~ ')'
            ~ ') order by 1'
        ).columns[0].values()) }}
    {%- endif -%}
{% endmacro %}


{#
    The dates that changed since this table was built, as a predicate; all dates on a first build.
    dates: relation with event_date and load_id, one row a date.
#}
{% macro changed_dates(dates) %}
    {%- if not execute -%} false
    {%- elif not is_incremental() -%} true
    {%- else -%}
        {%- set changed = in_dates(run_query(
            'select cast(event_date as string) from ' ~ dates ~ ' where load_id > ' ~ newest_load() ~ ' order by 1'
        ).columns[0].values()) -%}
        {#- Where pauses cut sessions, one event can move the cuts of any date. -#}
        {{ 'true' if session_timeout() != 'none' and changed != 'false' else changed }}
    {%- endif -%}
{% endmacro %}


{#
    The dates of changed_dates as a predicate for a row that spans time: from a date column to a timestamp
    column, both included.
#}
{% macro reaches_into(dates, first_date, last_at) %}
    {%- for literal in dates.split("date'")[1:] -%}
        {%- set date = "date'" ~ literal[:11] -%}
        {{ ' or ' if not loop.first }}({{ first_date }} <= {{ date }} and {{ last_at }} >= {{ date }})
    {%- else -%} {{ dates }}
    {%- endfor -%}
{% endmacro %}


{#
    All dates on which the sessions of a query lie, and the first dates of those that this table holds on
    changed dates, as a predicate: few after a daily load, and what has a date needs no others.
    touched: query of session keys. days: relation, one row a session and date. dates: as of changed_dates.
    hint: as of broadcast_if_small.
#}
{% macro dates_of_sessions(touched, days, dates, hint) %}
    {%- if not execute or not is_incremental() or dates in ['true', 'false'] -%} {{ dates }}
    {%- else -%}
        {{ in_dates(run_query(
            'with touched as (' ~ touched ~ ') '
            ~ 'select ' ~ hint ~ ' cast(event_date as string) from ' ~ days ~ ' as days '
            ~ 'left semi join touched on days.session_key = touched.session_key '
            ~ 'union select cast(session_date as string) from ' ~ this ~ ' where '
            ~ reaches_into(dates, 'session_date', 'session_end') ~ ' order by 1'
        ).columns[0].values()) }}
    {%- endif -%}
{% endmacro %}


{#
    A hint that sends the small side of a join to every task, so that the large one is not shuffled. It goes
    through the driver, so there is a limit: above it, or where the table is not there yet, Spark chooses.
    name: of the small side in the query. relation, filter: where its rows come from.
#}
{% macro broadcast_if_small(name, relation, filter) %}
    {#- A relation of a unit test has no schema and is no table. -#}
    {%- if execute and relation.schema and load_relation(relation) -%}
        {%- set rows = run_query('select count(*) from ' ~ relation ~ ' where ' ~ filter).columns[0][0] -%}
        {%- if rows <= 5000000 -%} /*+ broadcast({{ name }}) */ {%- endif -%}
    {%- endif -%}
{% endmacro %}


{# Whether rows were taken out since this table was built: then a key may be gone without a trace. #}
{% macro rows_were_taken_out() %}
    {% if not execute or not is_incremental() %}{{ return(false) }}{% endif %}
    {% set newest = newest_load() %}
    {% do return(run_query(
        'select 1 from ' ~ source('landing', 'landed_files') ~ ' where load_id > ' ~ newest ~ ' and first_load_id < load_id'
        ~ ' union all select 1 from ' ~ source('landing', 'backfills') ~ ' where load_id > ' ~ newest ~ ' limit 1'
    ).rows | length > 0) %}
{% endmacro %}


{# A predicate for dates as text, one of which may be null. #}
{% macro in_dates(dates) -%}
    {%- set known = dates | select | list -%}
    {#- Not null is said, since Sail replaces a row of which a predicate says neither. -#}
    {%- set by_date = "event_date is not null and event_date in (date'" ~ known | join("', date'") ~ "')" -%}
    {%- if dates | length == 0 -%} false
    {%- elif known | length == 0 -%} event_date is null
    {%- elif known | length < dates | length -%} (event_date is null or {{ by_date }})
    {%- else -%} {{ by_date }}
    {%- endif -%}
{%- endmacro %}


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
        insert into {{ target }} replace where {{ stated(model['compiled_code'], 'replace where') }}
        select {{ columns | join(', ') }} from {{ source }}
    {%- elif strategy == 'upsert' -%}
        {#- A key without events left has a row without counts: it is deleted, so that an update equals a rebuild. -#}
        merge into {{ target }} as held using {{ source }} as built on held.{{ unique_key }} = built.{{ unique_key }}
        {#- A model may state which rows can be held already, so that the others are not looked at. #}
        {%- if '-- held where: ' in model['compiled_code'] %} and {{ stated(model['compiled_code'], 'held where') }}{% endif %}
        when matched and built.total_events is null then delete
        when matched then update set *
        when not matched and built.total_events > 0 then insert *
    {%- endif -%}
{% endmacro %}


{% macro stated(compiled_code, name) -%}
    {{ compiled_code.split('-- ' ~ name ~ ': ')[1].split('\n')[0] }}
{%- endmacro %}
