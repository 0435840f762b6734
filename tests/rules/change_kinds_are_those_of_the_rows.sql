with

kinds as (select * from {{ ref('change_kinds') }}),

list_bits as (
    select * from values
        ('', '', 0)
        {%- for column, bits in (change_bits() if execute else {}).items() %}
        {%- for delivered, bit in bits.items() %},
        ('{{ column }}', '{{ delivered }}', {{ bit }})
        {%- endfor %}
        {%- endfor %}
        as bits (column_name, delivered, change_bit)
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
where (kinds.change_bit is null or list_bits.change_bit is null) and coalesce(list_bits.change_bit, 1) > 0
