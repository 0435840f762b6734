{# Minutes of pause that a session may have at most; none when sessions are as delivered. #}
{% macro session_timeout() -%}
    {%- for name in ['session_timeout_minutes', 'compared_timeout_minutes'] if var(name) is not none and var(name) | int < 1 %}
        {% do exceptions.raise_compiler_error('var ' ~ name ~ ' is ' ~ var(name) ~ '; it has to be 1 minute or more') %}
    {%- endfor %}
    {%- if var('session_timeout_minutes') is not none -%} {{ var('session_timeout_minutes') }}
    {%- elif var('session_source') == 'inactivity' -%} 30
    {%- else -%} none
    {%- endif -%}
{%- endmacro %}


{# The events of one user and one session source in order of time. #}
{% macro user_session_window() -%}
    partition by user_id, session_source order by event_time
{%- endmacro %}
