{#
    A number below `buckets` that spreads the rows of one key: group by key and salt first, then by key; or
    join on key and salt, with `salts` on the other side. The same row always has the same salt, so a task
    that is run again gives the same rows, which rand() would not.
#}
{% macro salt(columns, buckets) -%}
    pmod(xxhash64({{ columns | join(', ') }}), {{ buckets }})
{%- endmacro %}


{# All salts, as an array: exploded, they repeat each row of the small side of a join. #}
{% macro salts(buckets) -%}
    sequence(0L, {{ buckets - 1 }}L)
{%- endmacro %}
