"""What another hand wrote to tables since the last run of shopstream is not built on."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from shopstream.warehouse import fingerprint, tables, written

ROWS, DAYS = "shopstream_staging.stg_rows", "shopstream_intermediate.int_file_days"
FACT, LATE = "shopstream_core.fct_events", "shopstream_quality.late_arrivals"
NAMES = [ROWS, DAYS, FACT, LATE]


def add(warehouse: Path, name: str, number: int, mode: str = "append") -> None:
    write_deltalake(tables.folder_of(warehouse, name), pa.table({"n": [number]}), mode=mode)


def rows(warehouse: Path, name: str) -> list[int]:
    table = DeltaTable(tables.folder_of(warehouse, name)).to_pyarrow_table()
    return sorted(table["n"].to_pylist())


def run(warehouse: Path, does: Callable[[], object] = lambda: None) -> str:
    """One run of shopstream, all of which passed before; what it said at its start."""
    said = []
    with written.by_this_run(warehouse, said.append):
        does()
    return "".join(said)


@pytest.fixture
def warehouse(tmp_path) -> Path:
    for name in NAMES:
        add(tmp_path, name, 1)
    fingerprint.write(tmp_path, "some code")
    run(tmp_path)
    return tmp_path


def test_runs_of_its_own_leave_nothing_to_make_anew(warehouse):
    assert run(warehouse, lambda: [add(warehouse, name, 2) for name in NAMES]) == ""
    assert run(warehouse) == ""
    assert fingerprint.read(warehouse) == "some code"


@pytest.mark.parametrize("mode", ["append", "overwrite"])
def test_what_dbt_wrote_by_hand_is_made_anew_and_what_can_not_be_is_put_back(warehouse, mode):
    for name in NAMES:
        add(warehouse, name, 2, mode)
    words = run(warehouse)
    assert "So all tables after the cleaned rows are made anew." in words
    assert all(name in words for name in NAMES) and "(4 in all)" in words
    assert fingerprint.read(warehouse) == fingerprint.SEVERAL
    assert [rows(warehouse, name) for name in (ROWS, DAYS, LATE)] == [[1]] * 3
    assert run(warehouse) == "", "said once; SEVERAL stays until a build has passed"


def test_a_table_of_the_same_version_and_another_commit_is_of_another_hand(warehouse):
    tables.remove(warehouse, tables.folder_of(warehouse, FACT))
    add(warehouse, FACT, 2)
    assert FACT in run(warehouse)
    assert fingerprint.read(warehouse) == fingerprint.SEVERAL


def test_a_table_that_no_run_has_noted_is_of_another_hand(warehouse):
    add(warehouse, "shopstream_intermediate.int_product_days", 1)
    assert "int_product_days (1 in all)" in run(warehouse)
    assert fingerprint.read(warehouse) == fingerprint.SEVERAL


def made_by_hand(warehouse: Path) -> None:
    tables.remove(warehouse, tables.folder_of(warehouse, ROWS))
    add(warehouse, ROWS, 2)


def without_its_files(warehouse: Path) -> None:
    for file in tables.folder_of(warehouse, ROWS).glob("*.parquet"):
        file.unlink()
    add(warehouse, ROWS, 2)


LOST = {
    "removed": lambda w: tables.remove(w, tables.folder_of(w, ROWS)),
    "made by hand": made_by_hand,
    "without its files": without_its_files,
}


@pytest.mark.parametrize("how", LOST)
def test_rows_that_can_not_be_put_back_are_read_again(warehouse, how):
    LOST[how](warehouse)
    words = run(warehouse)
    assert ROWS in words and words.endswith("So all rows are read again.")
    assert fingerprint.read(warehouse) == fingerprint.NOTHING


@pytest.mark.parametrize(
    "name", ["shopstream_core.dim_time", "dev_core.fct_events", "shopstream_dev_core.fct_events"]
)
def test_what_each_run_makes_anew_and_other_schemas_are_of_no_concern(warehouse, name):
    add(warehouse, name, 1)
    add(warehouse, name, 2)
    assert run(warehouse) == ""
    assert fingerprint.read(warehouse) == "some code"


def test_what_a_killed_run_wrote_is_its_own(warehouse):
    def killed() -> None:
        add(warehouse, FACT, 2)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(warehouse, killed)
    assert run(warehouse) == ""
    assert fingerprint.read(warehouse) == "some code"


def test_what_a_failed_run_wrote_is_its_own_and_what_came_after_is_not(warehouse):
    def fails() -> None:
        add(warehouse, FACT, 2)
        raise OSError

    with pytest.raises(OSError):
        run(warehouse, fails)
    assert run(warehouse) == ""
    add(warehouse, FACT, 3)
    assert FACT in run(warehouse)


@pytest.mark.parametrize("held", [None, "", "{"])
def test_a_warehouse_without_a_note_is_taken_as_it_is(warehouse, held):
    note = warehouse / written.FILE
    note.unlink() if held is None else note.write_text(held)
    add(warehouse, FACT, 2)
    assert run(warehouse) == ""
    add(warehouse, FACT, 3)
    assert FACT in run(warehouse)


def test_cleaned_rows_of_an_earlier_version_get_the_columns_that_came_since(warehouse):
    folder = tables.folder_of(warehouse, ROWS)
    tables.add_new_columns(warehouse)
    held = DeltaTable(folder)
    assert held.to_pyarrow_table().to_pylist() == [{"n": 1, "quantity": None}]
    tables.add_new_columns(warehouse)
    assert DeltaTable(folder).version() == held.version(), "once"


def test_a_warehouse_without_cleaned_rows_gets_no_columns(tmp_path):
    tables.add_new_columns(tmp_path)
    assert list(tmp_path.iterdir()) == []
