{#
    What is left to do is derived from what the tables hold, so a model that was interrupted catches up by
    itself. Every table carries load_id; the highest one it holds is how far it has come.

    Macros that find out give values. Dates are a list of texts, one of which may be none: rows without a place
    in the window have no date. Instead of a list, none means all dates, as on a first build.
    `in_dates` and `reaches_into` make predicates of them.
#}


{#
    What the model found out while it compiled. Each question is asked once, and the strategy, which runs after
    the model, acts on the same answers.
#}
{% macro findings() %}
    {% do return(graph.setdefault('findings', {}).setdefault(invocation_id ~ model.unique_id, {})) %}
{% endmacro %}


{# The values of the first column of a query. #}
{% macro values_of(query) %}
    {% do return(run_query(query).columns[0].values() | list) %}
{% endmacro %}


{# The newest load that this table has rows of; 0 on a first build. #}
{% macro newest_load() %}
    {% if not execute or not is_incremental() %}{% do return(0) %}{% endif %}
    {% if 'newest_load' not in findings() %}
        {% do findings().update(newest_load=values_of('select coalesce(max(load_id), 0) from ' ~ this)[0]) %}
    {% endif %}
    {% do return(findings().newest_load) %}
{% endmacro %}


{#
    The dates that changed since this table was built. of_rows: for what is computed before it is known which sessions
    collide; all else computes all dates anew when these changed, since they lie on any.
#}
{% macro changed_dates(of_rows=false) %}
    {% set event_dates = ref('int_event_dates') %}
    {% set collided = ref('int_collided_sessions') if not of_rows %}
    {% if execute and 'dates' not in findings() %}
        {% set newer = ' where load_id > ' ~ newest_load() %}
        {% set dates = values_of(
            'select cast(event_date as string) from ' ~ event_dates ~ newer
            ~ (" union select 'all' from " ~ collided ~ newer if collided else '') ~ ' order by 1'
        ) if is_incremental() %}
        {#- Where pauses cut sessions, one event can move the cuts of any date. #}
        {% set one_by_one = 'all' not in dates and (not dates or session_timeout() is none) if is_incremental() %}
        {% do findings().update(dates=dates if one_by_one else none) %}
    {% endif %}
    {% do return(findings().dates if execute else []) %}
{% endmacro %}


{# The dates of rows that came or went since this table was built. #}
{% macro dates_with_new_rows() %}
    {% set rows = ref('stg_rows') %}
    {% if execute and 'dates' not in findings() %}
        {% do findings().update(dates=values_of(
            'select distinct cast(event_date as string) from ('
            ~ 'select event_date from ' ~ rows ~ ' where load_id > ' ~ newest_load()
            ~ ' union all select event_date from ' ~ source('landing', 'backfills') ~ ' where load_id > ' ~ newest_load()
            ~ ' union all select event_date from ' ~ this ~ ' where file_key in ('
            ~ 'select file_key from ' ~ source('landing', 'landed_files') ~ ' where load_id > ' ~ newest_load() ~ ')'
            ~ ') order by 1'
        ) if is_incremental() else none) %}
    {% endif %}
    {% do return(findings().dates if execute else []) %}
{% endmacro %}


{# A predicate for dates. #}
{% macro in_dates(dates, column='event_date') -%}
    {%- if dates is none -%} true
    {%- elif not dates -%} false
    {#- Not null is said, since Sail replaces a row of which a predicate says neither. #}
    {%- elif none not in dates -%} {{ column }} is not null and {{ column }} in (date'{{ dates | join("', date'") }}')
    {%- elif dates | length == 1 -%} {{ column }} is null
    {%- else -%} ({{ column }} is null or {{ in_dates(dates | select | list, column) }})
    {%- endif -%}
{%- endmacro %}


{# A predicate for a row that spans time: whether it reaches into one of the dates, of which none is none. #}
{% macro reaches_into(dates, first_date, last_at) -%}
    {%- for date in dates or [] -%}
        {{ ' or ' if not loop.first }}({{ first_date }} <= date'{{ date }}' and {{ last_at }} >= date'{{ date }}')
    {%- else -%} {{ in_dates(dates) }}
    {%- endfor -%}
{%- endmacro %}


{# The rows that a model selects by this predicate are those that the strategy `replace_where` replaces. #}
{% macro replacing(predicate) -%}
    {%- if execute -%} {%- do findings().update(replaced=predicate) -%} {%- endif -%}
    {{ predicate }}
{%- endmacro %}


{# The same for a model by date. #}
{% macro on_changed_dates(of_rows=false) -%} {{ replacing(in_dates(changed_dates(of_rows))) }} {%- endmacro %}


{#
    The load by which a row stands: its own, or the one that made or ended the latest collision of sessions, after which
    all dates are computed anew. For models that have the CTE collided_sessions.
#}
{% macro load_with_collisions() -%} greatest(load_id, (select max(load_id) from collided_sessions)) {%- endmacro %}


{# The dates of sessions whose keys collide; none but where somebody crafted one. #}
{% macro dates_of_collisions() %}
    {% set days = ref('int_all_session_days') %}
    {% set collided = ref('int_collided_sessions') %}
    {#- What is compiled beside an empty warehouse has none. -#}
    {% do return(values_of(
        'select distinct cast(event_date as string) from ' ~ days ~ ' where session_key in ('
        ~ 'select session_key from ' ~ collided ~ ' where is_collided) order by 1'
    ) if execute and days.schema and load_relation(days) and load_relation(collided) else []) %}
{% endmacro %}


{# Rows of files that were loaded, taken out or loaded again after this table was built, as a predicate. #}
{% macro new_rows() -%}
    {%- set backfill = var('backfill') -%}
    {%- if not execute -%} true
    {%- elif not is_incremental() -%} {%- do stop_where_rows_are_gone() -%} true
    {%- elif backfill and not backfill.first_date -%} true
    {%- elif backfill -%}
        {%- set in_range = "between date'" ~ backfill.first_date ~ "' and date'" ~ backfill.last_date ~ "'" -%}
        (event_date is null or event_date {{ in_range }})
        {#- A row without a place in the window may have a time all the same; a time that a default gave is no place. #}
        and event_time is not null and cast(event_time as date) {{ in_range }} and changes & {{ change_bits().event_time.nothing }} = 0
    {%- else -%}
        {%- if this.schema != project_name ~ '_staging' -%} {%- do stop_where_rows_are_gone() -%} {%- endif -%}
        {%- set changed = values_of(
            'select file_key from ' ~ source('landing', 'landed_files') ~ ' where load_id > ' ~ newest_load() ~ ' order by 1'
        ) -%}
        {#- Asked of the rows, not of the register: a full refresh that was cut short numbered all files anew. -#}
        {%- set replaced = values_of(
            'select distinct file_key from ' ~ this ~ ' where file_key in (' ~ changed | join(', ') ~ ') order by 1'
        ) if changed -%}
        load_id > {{ newest_load() }}{% if replaced %} or file_key in ({{ replaced | join(', ') }}){% endif %}
    {%- endif -%}
{%- endmacro %}


{#
    The work copies of landed rows are dropped when the usual tables hold them. Tables of another schema that are made
    later would stay empty, or lack the loads since, and all tests would pass.
#}
{% macro stop_where_rows_are_gone() %}
    {% set files = source('landing', 'landed_files') %}
    {#- A relation of a unit test has no schema and is no table. #}
    {% if files.schema and flags.WHICH in ['build', 'run', 'retry'] %}
        {% set gone = values_of(
            'select count(*) from ' ~ files ~ ' as files left anti join (select distinct file_key from '
            ~ source('landing', 'landed_rows') ~ ') as copies on files.file_key = copies.file_key'
            ~ ' where withdrawn_at is null and rows_read > 0 and load_id > ' ~ newest_load()
        )[0] %}
        {% if gone %}{% do exceptions.raise_compiler_error(
            this ~ ' lacks the rows of ' ~ gone ~ ' landed files: what was read of them is dropped once '
            ~ project_name ~ '_staging holds it. Read them again, then run this again: .venv/bin/shopstream land --again. '
            ~ 'Or read the tables that are there: --defer --state, with a copy of the manifest.json of their build.'
        ) %}{% endif %}
    {% endif %}
{% endmacro %}


{#
    Whether rows were taken out since this table was built, or lost their key to others: then a key may be gone without a
    trace.
#}
{% macro rows_were_taken_out() %}
    {% set left_out = ref('int_left_out_rows') %}
    {% if not execute or not is_incremental() %}{% do return(false) %}{% endif %}
    {% do return(values_of(
        'select 1 from ' ~ source('landing', 'landed_files')
        ~ ' where load_id > ' ~ newest_load() ~ ' and first_load_id < load_id'
        ~ ' union all select 1 from ' ~ source('landing', 'backfills') ~ ' where load_id > ' ~ newest_load()
        ~ ' union all select 1 from ' ~ left_out ~ ' where reason is not null and load_id > ' ~ newest_load() ~ ' limit 1'
    ) | length > 0) %}
{% endmacro %}


{# What this table held of one or several columns before, as a query; nothing on a first build. #}
{% macro held(columns, predicate) -%}
    {%- if is_incremental() -%} select {{ columns | join(', ') }} from {{ this }} where {{ predicate }}
    {%- else -%} select null as {{ columns | join(', null as ') }} where false
    {%- endif -%}
{%- endmacro %}


{# A dimension computes the keys of its CTE `touched` anew; all there are on a first build, which needs no join. #}
{% macro only_touched(table, key) -%}
    {%- if is_incremental() -%} left semi join touched on {{ table }}.{{ key }} = touched.{{ key }} {%- endif -%}
{%- endmacro %}


{# A touched key that has no rows left comes as a row of nulls, by which the upsert deletes it. #}
{% macro all_touched(table, key) -%}
    {%- if is_incremental() -%} touched left join {{ table }} using ({{ key }}) {%- else -%} {{ table }} {%- endif -%}
{%- endmacro %}


{#
    The sessions that a changed date touches, as a query. One may have lost its last event to another id: its old
    row says where it lay. days: relation, one row a session and date.
#}
{% macro touched_sessions(days) -%}
    select session_key from {{ days }} where {{ in_dates(changed_dates()) }}
    union
    {{ held(['session_key'], reaches_into(changed_dates(), 'session_date', 'session_end')) }}
{%- endmacro %}


{#
    The dates on which these sessions lie, and the first dates of those that this table holds on changed dates: few
    after a daily load, and what has a date needs no others. hint: as of broadcast_if_small.
#}
{% macro dates_of_sessions(days, hint) %}
    {% if execute and 'held_dates' not in findings() %}
        {% do findings().update(held_dates=values_of(
            'with touched as (' ~ touched_sessions(days) ~ ') '
            ~ 'select ' ~ hint ~ ' cast(event_date as string) from ' ~ days ~ ' as days '
            ~ 'left semi join touched on days.session_key = touched.session_key '
            ~ 'union select cast(session_date as string) from ' ~ this ~ ' where '
            ~ reaches_into(changed_dates(), 'session_date', 'session_end') ~ ' order by 1'
        ) if changed_dates() else changed_dates()) %}
    {% endif %}
    {% do return(findings().held_dates if execute else []) %}
{% endmacro %}


{#
    A hint that sends the small side of a join to every task, so that the large one is not shuffled. It goes
    through the driver, so there is a limit: above it, or where the table is not there yet, Spark chooses.
    name: of the small side in the query. relation, filter: where its rows come from.
#}
{% macro broadcast_if_small(name, relation, filter) %}
    {#- A relation of a unit test has no schema and is no table. -#}
    {%- if execute and relation.schema and load_relation(relation) -%}
        {%- if values_of('select count(*) from ' ~ relation ~ ' where ' ~ filter)[0] <= 5000000 -%}
            /*+ broadcast({{ name }}) */
        {%- endif -%}
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
    {% set columns = adapter.get_columns_in_relation(target) | map(attribute='quoted') | join(', ') %}
    {%- if strategy == 'append' -%}
        insert into {{ target }} ({{ columns }}) select {{ columns }} from {{ source }}
    {%- elif strategy == 'replace_where' and findings().dates == [] -%}
        select 'nothing to do'
    {%- elif strategy == 'replace_where' -%}
        insert into {{ target }} replace where {{ findings().replaced }} select {{ columns }} from {{ source }}
    {%- elif strategy == 'upsert' -%}
        merge into {{ target }} as held using {{ source }} as built on held.{{ unique_key }} = built.{{ unique_key }}
        {#- Only these dates can hold the keys already, so that the others are not looked at. #}
        {%- if 'held_dates' in findings() %} and {{ in_dates(findings().held_dates, 'held.' ~ config.get('partition_by')) }}{% endif %}
        {#- A key without events left has a row without counts: it is deleted, so that an update equals a rebuild. #}
        when matched and built.total_events is null then delete
        when matched then update set *
        when not matched and built.total_events > 0 then insert *
    {%- endif -%}
{% endmacro %}
