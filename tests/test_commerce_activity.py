"""The marts of activity, funnels, sessions and quality against an independent computation."""

import json

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


def _first_rows(held: Warehouse | Built) -> dict[tuple, tuple]:
    """By file and row number: the row as delivered, and its event or the reason against it."""
    expected = {}
    for _, sha256, rows in oracle.contents(held.landing):
        for number, row in enumerate(rows[:5], start=1):
            values = [value or None for value in row]
            delivered = json.dumps(
                dict(zip(oracle.COLUMNS, values, strict=True)),
                separators=(",", ":"),
                ensure_ascii=False,
            )
            try:
                event = oracle.cleaned(row, oracle.Rules())
            except oracle.Quarantined as reason:
                event = str(reason)
            expected[sha256, number] = (delivered, event)
    return expected


def _shown_rows(held: Warehouse | Built) -> dict[tuple, tuple]:
    names = "user_id product_id event_type price user_session category_id category_code brand"
    shown = {}
    for row in held.table("sample_rows").to_pylist():
        micros = round(row["event_time"].timestamp() * 1_000_000) if row["event_time"] else None
        event = (micros, *(row[name] for name in names.split()))
        after = row["reason"] if row["fate"] == "quarantined" else event
        shown[row["file_sha256"], row["row_number"]] = (row["delivered_row"], after)
    return shown


def test_the_first_rows_of_each_file_are_shown_before_and_after(daily, real):
    for held in (daily, real):
        assert _shown_rows(held) == _first_rows(held)
        assert set(held.table("sample_rows")["fate"].to_pylist()) <= {
            "accepted",
            "duplicate",
            "out_of_window",
            "quarantined",
        }


def test_columns_are_those_of_the_contract(daily):
    for name, columns in oracle_activity.CONTRACT_COLUMNS.items():
        held = daily.column_types(name)
        held.pop("load_id", None)
        assert held == columns, name
