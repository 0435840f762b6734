"""The marts of activity, funnels, sessions and quality against an independent computation."""

import json
from collections import Counter
from collections.abc import Iterator

from tests import oracle
from tests.helpers.warehouse import Warehouse
from tests.helpers.warm import Built
from tests.oracle import activity as oracle_activity


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
    for _, sha256, rows in oracle.contents(held.landing, {}):
        for number, row in enumerate(rows[:5], start=1):
            values = [value or None for value in row[: len(oracle.COLUMNS)]]
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
    names += " quantity"
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
        for row in held.table("sample_rows").to_pylist():
            day = row["event_time"] and str(row["event_time"].date())
            if row["reason"]:
                assert row["fate"] == "quarantined"
            elif not "2019-10-01" <= day <= "2020-04-30":
                assert row["fate"] == "out_of_window"
            else:
                assert row["fate"] in ("accepted", "duplicate")


def _delivered_empty(row: list) -> Iterator[tuple[str, str]]:
    """Columns of a delivered row that another value takes the place of, with what was delivered."""
    for column, value in zip(oracle.COLUMNS, row[: len(oracle.COLUMNS)], strict=True):
        is_text = column in ("event_type", "category_code", "brand", "user_session")
        value = (oracle.trimmed if is_text else oracle.untexted)(value)
        if value is None:
            yield column, "nothing"
        elif column == "category_id" and oracle.whole_number(value) is None:
            yield column, "no whole number"


def test_what_was_delivered_empty_is_counted_for_each_file_and_column(daily, real):
    for held in (daily, real):
        counted = {
            (row["file_sha256"], row["column_name"], row["delivered"]): row["rows_changed"]
            for row in held.table("value_changes").to_pylist()
            if row["rows_changed"] and row["delivered"] in ("nothing", "no whole number")
        }
        assert counted == Counter(
            (sha256, *change)
            for _, sha256, rows in oracle.contents(held.landing, {})
            for row in rows
            if row is not None
            for change in _delivered_empty(row)
        )


def test_columns_are_those_of_the_contract(daily):
    for name, columns in oracle_activity.CONTRACT_COLUMNS.items():
        held = daily.column_types(name)
        held.pop("load_id", None)
        assert held == columns, name
