{# The landing tables are written by `shopstream land`; a fresh catalogue has to be told of them. #}
{% macro register_landing_tables() %}
    {% if execute and flags.WHICH in ['build', 'run', 'test', 'seed', 'snapshot', 'run-operation'] %}
        {% set schema = source('landing', 'landed_rows').schema %}
        {% do run_query('create schema if not exists ' ~ schema) %}
        {% set described = run_query('describe schema ' ~ schema) %}
        {% set home = described.rows | selectattr(0, 'equalto', 'Location') | map(attribute=1) | first %}
        {% for table, definition in {
            'landed_rows': "(file_key bigint, row_number bigint, bad_row string, event_time string, event_type string,
                product_id string, category_id string, category_code string, brand string, price string,
                user_id string, user_session string) using parquet",
            'landed_files': "(file_key bigint not null, file_sha256 string not null, source_file string not null,
                format string not null, bytes bigint not null, rows_read bigint not null, notes string,
                load_id bigint not null, loaded_at timestamp not null) using delta",
            'refused_files': "(source_file string not null, file_sha256 string, reason string not null,
                seen_at timestamp not null) using delta",
        }.items() %}
            {% do run_query(
                'create table if not exists ' ~ schema ~ '.' ~ table ~ ' ' ~ definition
                ~ " location '" ~ home ~ '/' ~ table ~ "'"
            ) %}
        {% endfor %}
        {# Files come and go between two builds of one warm session. #}
        {% do run_query('refresh table ' ~ schema ~ '.landed_rows') %}
    {% endif %}
{% endmacro %}
