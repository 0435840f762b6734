-- How many rows does each table of the star have?
{% for table in ['fct_events', 'dim_sessions', 'dim_users', 'dim_products', 'dim_time'] %}
select
    '{{ table }}' as table_name,
    count(*) as total_rows
from {{ ref(table) }}
{{ 'union all' if not loop.last }}
{% endfor %}
