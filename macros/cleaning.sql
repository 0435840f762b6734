{# Text with white space of any kind (Unicode's White_Space) off both ends; blank becomes null. #}
{% macro trimmed(column) -%}
    case
        -- Nearly all values begin and end in printable ASCII. Looking at these two bytes first is far cheaper than
        -- trimming, and than looking at characters, which Spark counts from the start.
        when substr(cast({{ column }} as binary), 1, 1) between X'21' and X'7E'
            and substr(cast({{ column }} as binary), -1) between X'21' and X'7E'
            then {{ column }}
        else nullif(
            btrim(
                {{ column }},
                '\t\n\u000b\u000c\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'
            ), ''
        )
    end
{%- endmacro %}


{# The word null in any case stands for no value in columns that are not text. #}
{% macro no_null_word(column) -%}
    case when octet_length({{ column }}) = 4 and lower({{ column }}) = 'null' then null else {{ column }} end
{%- endmacro %}


{# A whole number within 64 bits, also with `.0` behind, as pandas writes ids; else null. #}
{% macro whole_number(column) -%}
    case when {{ column }} rlike '^[+-]?[0-9]+([.]0)?$' then try_cast(replace({{ column }}, '.0') as bigint) end
{%- endmacro %}


{# What the contract puts in the place of a missing value (var `null_defaults`); no default leaves it null. #}
{% macro null_default(expression, column) -%}
    {%- set default = var('null_defaults')[column] -%}
    {%- if default is none -%} {{ expression }}
    {%- else -%} coalesce({{ expression }}, {{ default if default is number else "'" ~ default ~ "'" }})
    {%- endif -%}
{%- endmacro %}


{# A short name for the rules of cleaning in force: a change of any of them changes it. #}
{% macro rules_version() -%}
    {#- YAML makes a date of one without quotes, which JSON has no word for. -#}
    {%- set rules = {'null_defaults': {}, 'max_price': var('max_price')} -%}
    {%- for name in ['window_start', 'window_end'] -%}
        {%- do rules.update({name: var(name) if var(name) is none else var(name) | string}) -%}
    {%- endfor -%}
    {%- for column, default in var('null_defaults').items() -%}
        {%- set known = default is none or default is number -%}
        {%- do rules['null_defaults'].update({column: default if known else default | string}) -%}
    {%- endfor -%}
    {{ local_md5(tojson(rules, sort_keys=true))[:8] }}
{%- endmacro %}
