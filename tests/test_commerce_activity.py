"""The marts of activity, funnels, sessions and quality against an independent computation."""

import json

import oracle
import oracle_activity
from conftest import Warehouse
from warm import Built


def _differences(warehouse: Warehouse | Built) -> dict[str, str]:
    """Marts that differ from the independent computation, with the first difference of each."""
    found = {
        name: oracle.differences(mart, warehouse.table(name), oracle_activity.KEYS[name])
        for name, mart in oracle_activity.activity_marts(warehouse.landing).items()
    }
    return {name: difference for name, difference in found.items() if difference}


def test_the_sample_and_the_next_day_give_what_the_independent_computation_gives(daily):
    assert _differences(daily) == {}


def test_real_rows_give_what_the_independent_computation_gives(real):
    assert _differences(real) == {}


def test_columns_are_those_of_the_contract(daily):
    spark = {"bigint": "long", "int": "integer"}
    for name, columns in oracle_activity.CONTRACT_COLUMNS.items():
        schema = json.loads(daily.marts()[name].schema().to_json())
        held = {field["name"]: field["type"] for field in schema["fields"]}
        held.pop("load_id", None)
        assert held == {column: spark.get(kind, kind) for column, kind in columns.items()}, name
