{#
    What the engines do in different ways, and nothing else: dbt takes the macro that is named after the target's
    adapter. `spark__` serves Spark in all its targets. `sail__` serves Sail; docs/how-to/engines.md says of each what Sail
    lacks.
#}


{# Folder of all tables. Sail has no command that shows a setting. #}
{% macro warehouse_home() %}{{ return(adapter.dispatch('warehouse_home', 'shopstream')()) }}{% endmacro %}

{% macro spark__warehouse_home() %}
    {% do return(fit(ask('set spark.sql.warehouse.dir').rows[0][1], '[^\'"`\\\\{}\\[\\]*?\\x00-\\x1f]+')) %}
{% endmacro %}

{% macro sail__warehouse_home() %}
    {% set home = env_var('SHOPSTREAM_WAREHOUSE', '') or invocation_args_dict.project_dir ~ '/data/warehouse' %}
    {#- It writes %20 for a blank, and the like, into the names of folders. -#}
    {% do return(fit(home, '/[A-Za-z0-9/._,+=@~-]+')) %}
{% endmacro %}

{% macro fit(home, pattern) %}
    {% if not modules.re.fullmatch(pattern, home) %}
        {% do exceptions.raise_compiler_error('The warehouse is ' ~ home ~ ', a path that ' ~ target.name ~ ' takes for another; set SHOPSTREAM_WAREHOUSE to one of plain characters, from / on') %}
    {% endif %}
    {% do return(home) %}
{% endmacro %}


{# Whether another catalogue than the session's own memory knows the tables. Sail is used with none. #}
{% macro has_a_catalogue() %}{{ return(adapter.dispatch('has_a_catalogue', 'shopstream')()) }}{% endmacro %}

{% macro spark__has_a_catalogue() %}
    {% do return(ask('set spark.sql.catalogImplementation').rows[0][1] != 'in-memory') %}
{% endmacro %}

{% macro sail__has_a_catalogue() %}{% do return(false) %}{% endmacro %}


{#
    A view over Delta's log files of a schema, * for all, by path. Spark refuses a glob that finds nothing, so one
    folder is always in it. Sail looks into folders whose names begin with `_` only where they are named, so it is
    asked for the tables that the project knows.
#}
{% macro view_log_files(view, schema) %}{{ return(adapter.dispatch('view_log_files', 'shopstream')(view, schema)) }}{% endmacro %}

{% macro spark__view_log_files(view, schema) %}
    {% set landing = source('landing', 'loads').schema %}
    {% do ask('create schema if not exists ' ~ landing) %}
    {% do ask(
        'create or replace temporary view ' ~ view ~ " using binaryFile options (pathGlobFilter '*.json', "
        ~ "path '" ~ warehouse_home() ~ '/{' ~ schema ~ '.db/*/_delta_log,' ~ landing ~ ".db}')"
    ) %}
{% endmacro %}

{% macro sail__view_log_files(view, schema) %}
    {% set folders = ['none'] %}
    {% for node in graph.nodes.values() | list + graph.sources.values() | list %}
        {% for name in [node.schema, schema_of(project_name, node)] if schema in ['*', name] %}
            {% do folders.append(name ~ '.db/' ~ (node.identifier or node.alias)) %}
        {% endfor %}
    {% endfor %}
    {% do ask(
        'create or replace temporary view ' ~ view ~ " using binaryFile options (path '"
        ~ warehouse_home() ~ '/{' ~ folders | unique | join(',') ~ "}/_delta_log/*.json')"
    ) %}
{% endmacro %}


{# A table of a query. Sail has no path for a table of its own, and replaces rows but no columns by a query. #}
{% macro sail__create_table_as(temporary, relation, compiled_code, language) %}
    {%- if temporary -%} {{ create_temporary_view(relation, compiled_code) }}
    {%- else -%}
        {%- if config.get('contract').enforced -%}
            {{ get_assert_columns_equivalent(compiled_code) }}
            {%- set compiled_code = get_select_subquery(compiled_code) -%}
        {%- endif -%}
        {%- set columns = columns_of_query(compiled_code) -%}
        {%- set held = load_relation(relation) -%}
        {%- if held is not none and not should_full_refresh() and columns_of_query('select * from ' ~ held) == columns -%}
            insert into {{ relation }} replace where true
        {%- else -%}
            {%- do run_query(
                'create or replace table ' ~ relation ~ ' (' ~ columns | map('join', ' ') | join(', ') ~ ') using delta '
                ~ partition_cols(label='partitioned by') ~ ' ' ~ tblproperties_clause()
                ~ " location '" ~ warehouse_home() ~ '/' ~ relation.schema ~ '.db/' ~ relation.identifier ~ "'"
            ) -%}
            insert into {{ relation }}
        {%- endif %}
        {{ compiled_code }}
    {%- endif -%}
{% endmacro %}


{# Names, in backticks, and types of the columns of a query. #}
{% macro columns_of_query(sql) %}
    {% set columns = [] %}
    {% for column in adapter.get_column_schema_from_query(get_empty_subquery_sql(sql)) %}
        {% do columns.append(['`' ~ column.name ~ '`', column.dtype]) %}
    {% endfor %}
    {% do return(columns) %}
{% endmacro %}


{# Sail describes no table that it did not make in this session, but any view. #}
{% macro sail__get_columns_in_relation_raw(relation) %}
    {% if relation.schema %}
        {#- Of its own name: another thread describes, too. #}
        {% set view = 'described_' ~ local_md5(relation | string)[:8] %}
        {% do run_query('create or replace temporary view ' ~ view ~ ' as select * from ' ~ relation) %}
        {% do return(run_query('describe extended ' ~ view)) %}
    {% endif %}
    {% do return(spark__get_columns_in_relation_raw(relation)) %}
{% endmacro %}


{# A seed whose rows are held already makes no commit. Sail has no word to ask for a checksum, and compares fast. #}
{% macro sail__create_csv_table(model, agate_table) %}
    {% set rows = seed_rows(model, agate_table) %}
    {% set held = adapter.get_relation(this.database, this.schema, this.identifier) %}
    {% set held_rows = 'select * from ' ~ this %}
    {% if not held or columns_of_query(held_rows) != columns_of_query(rows) or run_query(
        '((' ~ rows ~ ') except all (' ~ held_rows ~ ')) union all ((' ~ held_rows ~ ') except all (' ~ rows ~ '))'
    ).rows %}
        {% do run_query(create_table_as(false, this, rows)) %}
    {% endif %}
    {% do return(rows) %}
{% endmacro %}


{#
    All rows of one value go to one task, which writes one file, and are sorted for it where the next step needs them
    so. Sail does without, and has no word for it.
#}
{% macro distribute_by(columns, sorted_by) %}
    {{ return(adapter.dispatch('distribute_by', 'shopstream')(columns, sorted_by)) }}
{% endmacro %}

{% macro spark__distribute_by(columns, sorted_by) %}
    {% do return('distribute by ' ~ columns ~ (' sort by ' ~ sorted_by if sorted_by else '')) %}
{% endmacro %}

{% macro sail__distribute_by(columns, sorted_by) %}{% do return('') %}{% endmacro %}


{# Texts by name as JSON, nulls too, which Sail leaves out whatever the option says. #}
{% macro json_with_nulls(texts) %}{{ return(adapter.dispatch('json_with_nulls', 'shopstream')(texts)) }}{% endmacro %}

{% macro spark__json_with_nulls(texts) -%}
    to_json(struct(
    {%- for name, text in texts.items() %}{{ ', ' if not loop.first }}{{ text }} as {{ name }}{% endfor -%}
    ), map('ignoreNullFields', 'false'))
{%- endmacro %}

{% macro sail__json_with_nulls(texts) -%}
    concat('{'
    {%- for name, text in texts.items() %}, '{{ ',' if not loop.first }}"{{ name }}":', coalesce(
        nullif(regexp_extract(to_json(struct({{ text }} as v)), '^."v":(.*).$', 1), ''), 'null')
    {%- endfor %}, '}')
{%- endmacro %}
