{#
    The catalogue lives in memory: the warehouse folder is the only truth, so a killed build leaves no
    metastore behind and a warehouse can be moved. A fresh session is told of all tables that lie there before dbt
    does anything else, and a warm one, such as a server's, of what came and went since. On an engine with a
    catalogue of its own nothing is missing, and nothing is done.
    dbt asks for the relations of each schema, several at once: who asks for the staging layer tells all, any other
    thread its own schema.
#}
{% macro spark__list_relations_without_caching(relation) %}
    {% if not has_a_catalogue() %}
        {% do tell_session() if relation.schema == target.schema ~ '_staging' else register_tables(relation.schema, tables_on_disk(relation.schema)) %}
    {% endif %}
    {% do return(ask('show table extended in ' ~ relation.schema ~ " like '*'")) %}
{% endmacro %}


{# dbt's own, after the session was told of all tables: `dbt run-operation` asks for no relations first. #}
{% macro statement(name=None, fetch_result=False, auto_begin=True, language='sql') %}
    {% if execute and flags.WHICH == 'run-operation' and graph.get('told_by') != invocation_id and not has_a_catalogue() %}
        {% do tell_session() %}
        {% do graph.update({'told_by': invocation_id}) %}
    {% endif %}
    {% set code = caller() if execute %}
    {% call dbt.statement(name, fetch_result, auto_begin, language) %}{{ code }}{% endcall %}
{% endmacro %}


{# The rows of a statement, which is run whatever the session was told. #}
{% macro ask(sql) %}{% do return(adapter.execute(sql, fetch=true)[1]) %}{% endmacro %}


{#
    Tell the session of all tables of the warehouse and of all views of the project. Where the target's schema is not
    the usual one, views of the usual one too: `--defer` reads there what it does not build.
#}
{% macro tell_session() %}
    {% set wanted = env_var('SHOPSTREAM_WAREHOUSE', '') %}
    {% if target.name == 'connect' and not warehouse_home().endswith(wanted.rstrip('/')) %}
        {% do exceptions.raise_compiler_error('The server works on ' ~ warehouse_home() ~ ', SHOPSTREAM_WAREHOUSE is ' ~ wanted) %}
    {% endif %}
    {% set listed = tables_on_disk('*') %}
    {% do register_landing_tables(listed) %}
    {% set nodes = graph.nodes.values() | selectattr('resource_type', 'in', ['model', 'seed', 'snapshot']) | list %}
    {% set tables = {} %}
    {% for schema in (listed | map('first') | list + nodes | map(attribute='schema') | list) | unique %}
        {% do tables.update({schema: register_tables(schema, listed)}) %}
    {% endfor %}
    {% for base in [target.schema, project_name] | unique %}
        {% set views = {} %}
        {% for node in nodes if is_view(node) %}{% do register_view(base, node, tables, views) %}{% endfor %}
    {% endfor %}
{% endmacro %}


{# The schema of a node where the target's schema is `base`; one that a user named otherwise stays. #}
{% macro schema_of(base, node) %}
    {% set follows = node.schema.startswith(target.schema) %}
    {% do return(base ~ node.schema[target.schema | length:] if follows else node.schema) %}
{% endmacro %}


{#
    All Delta tables that lie in the folder of a schema; not what is left of one that is a view now. Gives the names
    that the session knows then.
#}
{% macro register_tables(schema, listed) %}
    {% set landing = source('landing', 'landed_rows').schema %}
    {% if schema == landing %}{% do return([]) %}{% endif %}
    {% do ask('create schema if not exists `' ~ schema ~ '`') %}
    {% set views = [] %}
    {% for node in graph.nodes.values() if is_view(node) and schema in [node.schema, schema_of(project_name, node)] %}
        {% do views.append(node.alias) %}
    {% endfor %}
    {% set found = listed | selectattr(0, 'equalto', schema) | map('last') | reject('in', views) | list %}
    {% set known = known_tables(schema, found) %}
    {% for name in found if name not in known %}
        {% do ask(
            'create table if not exists `' ~ schema ~ '`.`' ~ name
            ~ "` using delta location '" ~ warehouse_home() ~ '/' ~ schema ~ '.db/' ~ name ~ "'"
        ) %}
    {% endfor %}
    {% do return(found) %}
{% endmacro %}


{# The Delta tables in the folder of a schema, * for all, as pairs of schema and name. #}
{% macro tables_on_disk(schema) %}
    {% set view = 'log_files_' ~ local_md5(schema)[:8] %}
    {% do view_log_files(view, schema) %}
    {% set tables = [] %}
    {% for row in ask(
        "select distinct regexp_extract(path, '([^/]+)[.]db/([^/]+)/_delta_log/', 1) as schema_name, "
        ~ "regexp_extract(path, '([^/]+)[.]db/([^/]+)/_delta_log/', 2) as name from " ~ view ~ ' where length > 0'
    ).rows %}
        {% do tables.append([row[0], row[1]]) %}
    {% endfor %}
    {% do return(tables) %}
{% endmacro %}


{#
    Names of the tables of a schema that the session knows, less those whose folders have gone: these are taken
    off the catalogue, and there is nothing left that a drop could delete.
#}
{% macro known_tables(schema, found) %}
    {% set known = tables_in_session(schema) %}
    {% for name in known if name not in found %}
        {% do ask('drop table if exists `' ~ schema ~ '`.`' ~ name ~ '`') %}
    {% endfor %}
    {% do return(known | select('in', found) | list) %}
{% endmacro %}


{# Names of the tables of a schema that the session knows, without views. #}
{% macro tables_in_session(schema) %}
    {% set names = [] %}
    {% for row in ask('show table extended in `' ~ schema ~ "` like '*'").rows if 'Type: VIEW' not in row[3] and not row[2] %}
        {% do names.append(row[1]) %}
    {% endfor %}
    {% do return(names) %}
{% endmacro %}


{% macro is_view(node) %}
    {% do return(node.resource_type == 'model' and node.config.materialized == 'view') %}
{% endmacro %}


{#
    A view as it is written now, after the views it reads; not before the tables it reads are built.
    tables: names that the session knows, by schema. views: whether each was made, by unique id; this one is added.
#}
{% macro register_view(base, node, tables, views) %}
    {% if node.unique_id in views %}{{ return('') }}{% endif %}
    {#- One that this run makes anew may read columns that its tables do not have yet. #}
    {% if flags.FULL_REFRESH and node.unique_id in selected_resources %}{% do views.update({node.unique_id: false}) %}{{ return('') }}{% endif %}
    {% set schema = schema_of(base, node) %}
    {% set view = namespace(sql=node.raw_code, can_be_made=not is_known(base, node, tables)) %}
    {% for name in node.depends_on.nodes if name in graph.nodes %}
        {% set parent = graph.nodes[name] %}
        {#- A macro is in no group, so its own ref() may not name a private model. #}
        {% set view.sql = view.sql | replace("ref('" ~ parent.name ~ "')", "'" ~ schema_of(base, parent) ~ '.' ~ parent.alias ~ "'") %}
        {% if is_view(parent) %}{% do register_view(base, parent, tables, views) %}{% endif %}
        {% set is_there = views[name] if is_view(parent) else is_known(base, parent, tables) %}
        {% set view.can_be_made = view.can_be_made and is_there %}
    {% endfor %}
    {% if view.can_be_made %}
        {% do ask('create schema if not exists `' ~ schema ~ '`') %}
        {% do ask('create or replace view ' ~ schema ~ '.' ~ node.alias ~ ' as ' ~ render(view.sql)) %}
    {% endif %}
    {% do views.update({node.unique_id: view.can_be_made}) %}
{% endmacro %}


{# Whether the session knows a table by the name of a node. #}
{% macro is_known(base, node, tables) %}
    {% do return(node.alias in tables.get(schema_of(base, node), [])) %}
{% endmacro %}


{# The landing tables are written by `shopstream land`; a fresh catalogue has to be told of them. #}
{% macro register_landing_tables(listed) %}
    {% set schema = source('landing', 'landed_rows').schema %}
    {% set home = warehouse_home() %}
    {% do ask('create schema if not exists ' ~ schema) %}
    {#- Made known anew each time: files of rows come and go between two builds of one warm session. #}
    {% set known = known_tables(schema, listed | selectattr(0, 'equalto', schema) | map('last') | list) %}
    {% for table in graph.sources.values() if table.source_name == 'landing' and table.identifier not in known %}
        {% set columns = [] %}
        {% for column in table.columns.values() %}{% do columns.append(column.name ~ ' ' ~ column.data_type) %}{% endfor %}
        {% do ask(
            'create table if not exists ' ~ schema ~ '.' ~ table.identifier ~ ' (' ~ columns | join(', ') ~ ') using '
            ~ table.meta.get('format', 'delta') ~ " location '" ~ home ~ '/' ~ schema ~ '.db/' ~ table.identifier ~ "'"
        ) %}
    {% endfor %}
{% endmacro %}


{# A seed is replaced, not dropped and made anew: readers of an earlier version keep it. #}
{% macro spark__reset_csv_table(model, full_refresh, old_relation, agate_table) %}
    {% do return(create_csv_table(model, agate_table)) %}
{% endmacro %}


{# One commit, and none when the table is of this very statement: eleven seeds cost 15 s a build otherwise. #}
{% macro spark__create_csv_table(model, agate_table) %}
    {% set rows = seed_rows(model, agate_table) %}
    {% set checksum = local_md5(rows) %}
    {% set relation = adapter.get_relation(this.database, this.schema, this.identifier) %}
    {% set properties = run_query('show tblproperties ' ~ this).rows if relation else [] %}
    {% if ['seed_checksum', checksum] not in properties | map('list') | list %}
        {% do run_query(
            'create or replace table ' ~ this ~ ' using delta '
            ~ "tblproperties ('seed_checksum' = '" ~ checksum ~ "') as " ~ rows
        ) %}
    {% endif %}
    {% do return(rows) %}
{% endmacro %}


{# The table was made with its rows. #}
{% macro spark__load_csv_rows(model, agate_table) %}
    {% do return('') %}
{% endmacro %}


{# The rows of a seed as a query; an empty field is null, and an apostrophe stays one. #}
{% macro seed_rows(model, agate_table) -%}
    {%- set names = agate_table.column_names -%}
    select
    {%- for name in names %}
        {%- set type = model.config.column_types.get(name) or adapter.convert_type(agate_table, loop.index0) %}
        cast(`{{ name }}` as {{ type }}) as `{{ name }}`{{ ',' if not loop.last }}
    {%- endfor %}
    from values
    {#- A seed without rows has columns all the same. #}
    {%- for row in agate_table.rows or [[none] * names | length] %}
        (
            {%- for value in row -%}
            {%- if value is none -%} null
            {#- A number is read as decimal: 1E+3 is no whole number in an engine's eyes. #}
            {%- elif value is number and value is not integer and value is not boolean -%} '{{ '{:f}'.format(value) }}'
            {%- else -%} '{{ value | string | replace("\\", "\\\\") | replace("'", "\\'") }}'
            {%- endif -%}
            {{ ', ' if not loop.last }}
            {%- endfor -%}
        ){{ ',' if not loop.last }}
    {%- endfor %}
    as seed (`{{ names | join('`, `') }}`)
    {%- if not agate_table.rows %} limit 0{% endif %}
{%- endmacro %}
