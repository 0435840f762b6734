"""The marts of activity, funnels, sessions and quality against an independent computation."""

import oracle
import oracle_activity
from conftest import Warehouse
from warm import Built


def _differences(warehouse: Warehouse | Built) -> dict[str, str]:
    """Marts that differ from the independent computation, with the first difference of each."""
    expected = oracle_activity.activity_marts(warehouse.landing)
    held = {name: warehouse.table(name) for name in expected}
    return oracle.differing(expected, held, oracle_activity.KEYS)


def test_the_sample_and_the_next_day_give_what_the_independent_computation_gives(daily):
    assert _differences(daily) == {}


def test_real_rows_give_what_the_independent_computation_gives(real):
    assert _differences(real) == {}


def test_columns_are_those_of_the_contract(daily):
    for name, columns in oracle_activity.CONTRACT_COLUMNS.items():
        held = daily.column_types(name)
        held.pop("load_id", None)
        assert held == columns, name
