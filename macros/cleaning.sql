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


{# The highest quantity that is taken in: five digits at most, for which macro `amount` has room. #}
{% macro max_quantity() %}
    {% set most = var('max_quantity') | int %}
    {% if most < 1 or most > 99999 %}
        {% do exceptions.raise_compiler_error('var max_quantity is ' ~ var('max_quantity') ~ '; it has to be 1 to 99999') %}
    {% endif %}
    {% do return(most) %}
{% endmacro %}


{# The store's currency in upper case. #}
{% macro store_currency() %}
    {% set currency = var('store_currency') | string | trim | upper %}
    {% if currency | length != 3 or not currency.isalpha() %}
        {% do exceptions.raise_compiler_error('var store_currency is ' ~ var('store_currency') ~ '; it has to be three letters such as EUR') %}
    {% endif %}
    {% do return(currency) %}
{% endmacro %}


{# A decimal number as text without an exponent, of which Sail makes no decimal. #}
{% macro plain_decimal(column) -%}
    {%- set digits = "regexp_replace(" ~ column ~ ", '[eE].*|[^0-9]', '')" -%}
    {#- How many of them stand before the point. -#}
    {%- set whole -%}
        length(regexp_extract({{ column }}, '^[+-]?([0-9]*)', 1))
        + try_cast(regexp_extract({{ column }}, '[eE]([+-]?[0-9]{1,4})$', 1) as int)
    {%- endset -%}
    case
        when not ({{ column }} like '%e%' or {{ column }} like '%E%') then {{ column }}
        when {{ whole }} <= 0 then concat('.', repeat('0', -({{ whole }})), {{ digits }})
        else concat(
            rpad(substr({{ digits }}, 1, {{ whole }}), {{ whole }}, '0'), '.', substr({{ digits }}, {{ whole }} + 1)
        )
    end
{%- endmacro %}


{# What the contract puts instead of a missing value (var `null_defaults`); no default leaves it null. #}
{% macro null_default(expression, column) -%}
    {%- set default = var('null_defaults')[column] -%}
    {%- if default is none -%} {{ expression }}
    {%- else -%} coalesce({{ expression }}, {{ default if default is number else "'" ~ default ~ "'" }})
    {%- endif -%}
{%- endmacro %}


{# A cleaned value, null where it is the default of a missing one, however that came (var `null_defaults`). #}
{% macro delivered(column) -%}
    {%- set default = var('null_defaults')[column] -%}
    {#- Brands are in lower case, so is their default; code and number are as they are. -#}
    nullif({{ column }}, {{ default if default is number else "'" ~ (default | lower if column == 'brand' else default) ~ "'" }})
{%- endmacro %}


{# What a missing value of a column becomes, as text, by the name of the column. #}
{% macro default_of(name) -%}
    case {{ name }}
    {%- for column, default in var('null_defaults').items() %}
        when '{{ column }}' then '{{ "quarantined" if default is none else default }}'
    {%- endfor %}
    end
{%- endmacro %}


{# The type that a delivered name stands for (var `event_type_names`); another name stands for itself. #}
{% macro known_event_type(expression) -%}
    {%- if not var('event_type_names') -%} {{ expression }}
    {%- else -%}
    case {{ expression }}
    {%- for delivered, known in var('event_type_names').items() %}
        when lower('{{ delivered | replace("'", "\\'") }}') then '{{ known }}'
    {%- endfor %}
        else {{ expression }}
    end
    {%- endif -%}
{%- endmacro %}


{# A date that a var sets, and null where it sets none: no comparison with it holds. #}
{% macro date_or_null(value) -%}
    {%- if value -%} date'{{ value }}' {%- else -%} cast(null as date) {%- endif -%}
{%- endmacro %}


{#
    The bits of `changes`, by column and by what was delivered. Seed change_kinds tells them to readers, and rule
    change_kinds_are_those_of_the_rows holds the two together.
#}
{% macro change_bits() %}
    {% do return({
        'event_type': {'nothing': 2},
        'product_id': {'nothing': 4},
        'category_id': {'nothing': 8, 'no whole number': 512},
        'category_code': {'nothing': 16},
        'brand': {'nothing': 32},
        'price': {'nothing': 64, 'negative or not a number': 1024, 'more than the maximum': 2048},
        'user_id': {'nothing': 128},
        'user_session': {'nothing': 256},
        'event_time': {'nothing': 4096},
    }) %}
{% endmacro %}


{# The bit of one kind of change. #}
{% macro change_bit(column, delivered='nothing') -%}
    {{ change_bits()[column][delivered] if execute else 1 }}
{%- endmacro %}


{# A short name for the rules of cleaning in force: a change of any of them changes it. #}
{% macro rules_version() -%}
    {#- YAML makes a date of one without quotes, which JSON has no word for. -#}
    {%- set rules = {'null_defaults': {}, 'max_price': var('max_price'), 'event_type_names': var('event_type_names')} -%}
    {%- do rules.update({'max_quantity': max_quantity(), 'store_currency': store_currency()}) -%}
    {%- for name in ['window_start', 'window_end'] -%}
        {%- do rules.update({name: var(name) if var(name) is none else var(name) | string}) -%}
    {%- endfor -%}
    {%- for column, default in var('null_defaults').items() -%}
        {%- set known = default is none or default is number -%}
        {%- do rules['null_defaults'].update({column: default if known else default | string}) -%}
    {%- endfor -%}
    {{ local_md5(tojson(rules, sort_keys=true))[:8] }}
{%- endmacro %}
