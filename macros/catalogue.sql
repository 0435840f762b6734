{#
    The catalogue lives in memory: the warehouse folder is the only truth, so a killed build leaves no
    metastore behind and a warehouse can be moved. dbt asks for the relations of each schema before it does
    anything else; a fresh session is told of them here first, and a warm one, such as a server's, of what came
    and went since. On an engine with a catalogue of its own nothing is missing, and nothing is done.
    Where the target's schema is not the usual one, the session is told of the relations of the usual one too:
    `--defer` reads there what it does not build.
#}
{% macro spark__list_relations_without_caching(relation) %}
    {% if not has_a_catalogue() %}
        {% set layer = relation.schema[target.schema | length:] %}
        {% if layer == '_staging' %}{% do register_landing_tables() %}{% endif %}
        {% for base in [target.schema, project_name] | unique %}
            {% set tables, views = {layer: register_tables(base, layer)}, {} %}
            {% for node in graph.nodes.values() if layer == '_staging' and is_view(node) %}
                {% do register_view(base, node, tables, views) %}
            {% endfor %}
        {% endfor %}
    {% endif %}
    {% call statement('list_relations', fetch_result=True) -%}
        show table extended in {{ relation.schema }} like '*'
    {%- endcall %}
    {% do return(load_result('list_relations').table) %}
{% endmacro %}


{# The schema of a node where the target's schema is `base`. #}
{% macro schema_of(base, node) %}
    {% do return(base ~ node.schema[target.schema | length:]) %}
{% endmacro %}


{#
    Delta tables that lie in the folder of a schema and belong to the project, and no others. Gives the names that
    the session knows then.
#}
{% macro register_tables(base, layer) %}
    {% set schema = base ~ layer %}
    {% do run_query('create schema if not exists ' ~ schema) %}
    {% set home = warehouse_home() %}
    {% set wanted = env_var('SHOPSTREAM_WAREHOUSE', '') %}
    {% if target.name == 'connect' and not home.endswith(wanted.rstrip('/')) %}
        {% do exceptions.raise_compiler_error('The server works on ' ~ home ~ ', SHOPSTREAM_WAREHOUSE is ' ~ wanted) %}
    {% endif %}
    {% set names = [] %}
    {% for node in graph.nodes.values()
        if node.schema == target.schema ~ layer and node.resource_type in ['model', 'seed', 'snapshot'] and not is_view(node)
    %}
        {% do names.append(node.alias) %}
    {% endfor %}
    {% set found = tables_on_disk(schema, names) %}
    {% set known = known_tables(schema, found) %}
    {% for name in names if name in found and name not in known %}
        {% do run_query(
            'create table if not exists ' ~ schema ~ '.' ~ name
            ~ " using delta location '" ~ home ~ '/' ~ schema ~ '.db/' ~ name ~ "'"
        ) %}
        {% do known.append(name) %}
    {% endfor %}
    {% do return(known) %}
{% endmacro %}


{# Names of the Delta tables in the folder of a schema; `names` are those that are looked for. #}
{% macro tables_on_disk(schema, names) %}
    {% do view_log_files(schema ~ '_logs', schema, names) %}
    {% do return(run_query(
        "select distinct regexp_extract(path, '([^/]+)/_delta_log/', 1) from " ~ schema ~ '_logs'
    ).columns[0].values()) %}
{% endmacro %}


{#
    Names of the tables of a schema that the session knows, less those whose folders have gone: these are taken
    off the catalogue, and there is nothing left that a drop could delete.
#}
{% macro known_tables(schema, found) %}
    {% set known = tables_in_session(schema) %}
    {% for name in known if name not in found %}
        {% do run_query('drop table if exists ' ~ schema ~ '.' ~ name) %}
    {% endfor %}
    {% do return(known | select('in', found) | list) %}
{% endmacro %}


{# Names of the tables of a schema that the session knows, without views. #}
{% macro tables_in_session(schema) %}
    {% set names = [] %}
    {% for row in run_query('show table extended in ' ~ schema ~ " like '*'").rows if 'Type: VIEW' not in row[3] and not row[2] %}
        {% do names.append(row[1]) %}
    {% endfor %}
    {% do return(names) %}
{% endmacro %}


{% macro is_view(node) %}
    {% do return(node.resource_type == 'model' and node.config.materialized == 'view') %}
{% endmacro %}


{#
    A view as it is written now, after the views it reads; not before the tables it reads are built.
    tables: names that the session knows, by layer; those of the layers it reads are added. views: whether each was
    made, by unique id; this one is added.
#}
{% macro register_view(base, node, tables, views) %}
    {% if node.unique_id in views %}{{ return('') }}{% endif %}
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
        {% do run_query('create or replace view ' ~ schema_of(base, node) ~ '.' ~ node.alias ~ ' as ' ~ render(view.sql)) %}
    {% endif %}
    {% do views.update({node.unique_id: view.can_be_made}) %}
{% endmacro %}


{# Whether the session knows a table by the name of a node; it is told of those of the node's layer first. #}
{% macro is_known(base, node, tables) %}
    {% set layer = node.schema[target.schema | length:] %}
    {% if layer not in tables %}{% do tables.update({layer: register_tables(base, layer)}) %}{% endif %}
    {% do return(node.alias in tables[layer]) %}
{% endmacro %}


{# The landing tables are written by `shopstream land`; a fresh catalogue has to be told of them. #}
{% macro register_landing_tables() %}
    {% set schema = source('landing', 'landed_rows').schema %}
    {% set home = warehouse_home() %}
    {% do run_query('create schema if not exists ' ~ schema) %}
    {% set tables = {} %}
    {% for table in graph.sources.values() if table.source_name == 'landing' %}
        {% do tables.update({table.identifier: table}) %}
    {% endfor %}
    {#- Made known anew each time: files of rows come and go between two builds of one warm session. -#}
    {% set known = known_tables(schema, tables_on_disk(schema, tables | list)) %}
    {% for name, table in tables.items() if name not in known %}
        {% set columns = [] %}
        {% for column in table.columns.values() %}{% do columns.append(column.name ~ ' ' ~ column.data_type) %}{% endfor %}
        {% do run_query(
            'create table if not exists ' ~ schema ~ '.' ~ name ~ ' (' ~ columns | join(', ') ~ ') using '
            ~ table.meta.get('format', 'delta') ~ " location '" ~ home ~ '/' ~ schema ~ '.db/' ~ name ~ "'"
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
    select
    {%- for name in agate_table.column_names %}
        cast({{ name }} as {{ model.config.column_types.get(name, 'string') }}) as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
    from values
    {%- for row in agate_table.rows %}
        (
            {%- for value in row -%}
            {%- if value is none -%} null
            {%- else -%} '{{ value | string | replace("\\", "\\\\") | replace("'", "\\'") }}'
            {%- endif -%}
            {{ ', ' if not loop.last }}
            {%- endfor -%}
        ){{ ',' if not loop.last }}
    {%- endfor %}
    as seed ({{ agate_table.column_names | join(', ') }})
{%- endmacro %}
