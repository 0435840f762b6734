{#
    Salting spreads the rows of one hot key over several tasks. No model uses it, since it helped nowhere on two
    cores: at 4.2 million events, median of five, 16 salts made a sum of views 0.54 -> 0.69 s long, distinct
    products of `unknown_session_...` 4.4 -> 8.3 s, and a sort-merge join on the anonymous user 2.2 -> 3.0 s. With
    30 % of all rows on that key and adaptive execution off it was 1.8 -> 2.5 s still, though the largest task
    fell from 7.2 to 1.6 times the median. It is for clusters where one task holds up all others.
#}


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
