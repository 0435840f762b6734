{# The counts that every roll-up of events carries; the six by type add up to all events. #}
{% macro event_counts() -%}
    count(*) as total_events,
    count_if(event_type = 'view') as total_views,
    count_if(event_type = 'cart') as total_carts,
    count_if(event_type = 'purchase') as total_purchases,
    count_if(event_type = 'remove_from_cart') as total_removals,
    count_if(event_type = 'unknown') as total_unknown,
    count_if(event_type not in ('view', 'cart', 'purchase', 'remove_from_cart', 'unknown')) as total_other
{%- endmacro %}


{# The same counts, as they are, in a select; `table` names where they are from. #}
{% macro counts(table=none) -%}
    {%- set of = table ~ '.' if table else '' -%}
    {{ of }}total_events,
    {{ of }}total_views,
    {{ of }}total_carts,
    {{ of }}total_purchases,
    {{ of }}total_removals,
    {{ of }}total_unknown,
    {{ of }}total_other
{%- endmacro %}


{# The same counts, summed over partials: 0, not null, for an hour or a day without any. #}
{% macro summed_counts() -%}
    coalesce(sum(total_events), 0) as total_events,
    coalesce(sum(total_views), 0) as total_views,
    coalesce(sum(total_carts), 0) as total_carts,
    coalesce(sum(total_purchases), 0) as total_purchases,
    coalesce(sum(total_removals), 0) as total_removals,
    coalesce(sum(total_unknown), 0) as total_unknown,
    coalesce(sum(total_other), 0) as total_other
{%- endmacro %}


{# Of events of one instant that fulfil a condition, the latest by the order of the contract. #}
{% macro latest_event(condition) -%}
    max(struct(user_session, category_id, category_code, brand, event_type, user_id, price)) filter (where {{ condition }})
{%- endmacro %}


{# What an event is worth. A quantity has five digits at most, so the product is a decimal(18,2), the widest that is fast. #}
{% macro amount() -%}
    price * cast(quantity as decimal(5, 0))
{%- endmacro %}


{# Exact: prices are decimal(12,2), twelve digits of a sum would overflow to a silent null. #}
{% macro revenue() -%}
    cast(coalesce(sum({{ amount() }}) filter (where event_type = 'purchase'), 0) as decimal(18, 2))
{%- endmacro %}


{# Units that were bought. #}
{% macro units() -%}
    coalesce(sum(quantity) filter (where event_type = 'purchase'), 0)
{%- endmacro %}


{% macro money_sum(expression) -%}
    cast(sum({{ expression }}) as decimal(18, 2))
{%- endmacro %}


{# How many different values each key has, not counting null, in two steps, which need no set in memory. #}
{% macro counted_once(key, value, source) -%}
    select {{ key }}, count({{ value }}) as total from (select distinct {{ key }}, {{ value }} from {{ source }}) group by {{ key }}
{%- endmacro %}


{#
    How far distances usually are from 0, at least `least`: 1.4826 MAD estimate a standard deviation. About 0, not
    about the median of the distances.
#}
{% macro usual_distance(distance, least) -%}
    greatest(max({{ least }}), coalesce(1.4826d * percentile(abs({{ distance }}), 0.5), 0d))
{%- endmacro %}
