{#
    Minutes of pause that a run of rows without a session may have at most. With more than a day a run could pass over
    a date, of which int_event_dates would not know.
#}
{% macro missing_session_timeout() %}
    {% set minutes = var('missing_session_timeout_minutes') | int %}
    {% if minutes < 1 or minutes > 1440 %}
        {% do exceptions.raise_compiler_error(
            'var missing_session_timeout_minutes is ' ~ var('missing_session_timeout_minutes') ~ '; it has to be 1 to 1440'
        ) %}
    {% endif %}
    {% do return(minutes) %}
{% endmacro %}


{# Minutes of pause that a session may have at most; none when sessions are as delivered. #}
{% macro session_timeout() %}
    {% for name in ['session_timeout_minutes', 'compared_timeout_minutes'] if var(name) is not none and var(name) | int < 1 %}
        {% do exceptions.raise_compiler_error('var ' ~ name ~ ' is ' ~ var(name) ~ '; it has to be 1 minute or more') %}
    {% endfor %}
    {% set by_inactivity = 30 if var('session_source') == 'inactivity' else none %}
    {% do return(by_inactivity if var('session_timeout_minutes') is none else var('session_timeout_minutes')) %}
{% endmacro %}
