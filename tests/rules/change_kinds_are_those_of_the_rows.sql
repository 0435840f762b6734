{% set bits = change_bits() if execute else {} %}

with

kinds as (select * from {{ ref('change_kinds') }}),

list_bits as (
    {% for column, of_column in bits.items() %}
    {% for delivered, bit in of_column.items() %}
    select
        '{{ column }}' as column_name,
        '{{ delivered }}' as delivered,
        {{ bit }} as change_bit
    union all
    {% endfor %}
    {% endfor %}
    select
        null as column_name,
        null as delivered,
        null as change_bit
    where false
)

select
    kinds.change_bit,
    list_bits.column_name,
    list_bits.delivered
from list_bits
full outer join kinds
    on list_bits.column_name = kinds.column_name
    and list_bits.delivered = kinds.delivered
    and list_bits.change_bit = kinds.change_bit
where kinds.change_bit is null or list_bits.change_bit is null
