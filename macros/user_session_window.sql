{# The events of one user and one session source in order of time. #}
{% macro user_session_window() -%}
    partition by user_id, session_source order by event_time
{%- endmacro %}
