"""The contenders of the benchmark give equal results, and the lab's variants equal answers."""

import datetime
import decimal
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from bench import (
    check,
    duckdb_marts,
    floor,
    lab,
    notebook,
    rows_again,
    run_lab,
)
from shopstream.sample import generate
from tests import oracle
from tests.helpers.warehouse import PROJECT

EVENTS = 5_000


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """A small month as Parquet."""
    folder = tmp_path_factory.mktemp("bench") / "source"
    generate(folder, events=EVENTS, file_format="parquet")
    return folder


@pytest.fixture(scope="module")
def truth(source, tmp_path_factory) -> Path:
    """The independent computation, laid out as a contender's output."""
    folder = tmp_path_factory.mktemp("truth")
    for name, table in oracle.core_marts(source).items():
        if name in check.COLUMNS:
            write_deltalake(folder / name, table)
    return folder


def test_duckdb_gives_what_the_independent_computation_gives(source, truth, tmp_path):
    duckdb_marts.run(source, tmp_path / "out")
    assert check.fingerprints(tmp_path / "out") == check.fingerprints(truth)


def test_another_session_of_an_event_changes_a_fingerprint(truth, tmp_path):
    before = check.fingerprints(truth)
    shutil.copytree(truth, tmp_path, dirs_exist_ok=True)
    table = DeltaTable(truth / "fct_events").to_pyarrow_table()
    at, keys = table.schema.get_field_index("session_key"), table["session_key"].to_pylist()
    keys[0], keys[-1] = keys[-1], keys[0]
    changed = table.set_column(at, "session_key", pa.array(keys))
    write_deltalake(tmp_path / "fct_events", changed, mode="overwrite")
    after = check.fingerprints(tmp_path)
    assert [name for name in before if before[name] != after[name]] == ["events of sessions"]


@pytest.mark.parametrize("name", check.COLUMNS)
def test_a_changed_value_of_any_column_changes_the_fingerprint_of_its_table(truth, tmp_path, name):
    before = check.fingerprints(truth)[name]
    shutil.copytree(truth, tmp_path, dirs_exist_ok=True)
    table = DeltaTable(truth / name).to_pyarrow_table()
    unnoticed = []
    for field in [column.split()[0] for column in check.COLUMNS[name].split(", ")]:
        values = table[field].to_pylist()
        values[0] = changed_a_little(values[0])
        at, kind = table.schema.get_field_index(field), table.schema.field(field).type
        changed = table.set_column(at, field, pa.array(values, kind))
        write_deltalake(tmp_path / name, changed, mode="overwrite")
        if check.fingerprints(tmp_path)[name] == before:
            unnoticed.append(field)
    assert unnoticed == []


def changed_a_little(value):
    """The nearest other value of the same kind."""
    match value:
        case bool():
            return not value
        case str():
            return value + "x"
        case datetime.datetime():
            return value + datetime.timedelta(microseconds=1)
        case datetime.date():
            return value + datetime.timedelta(days=1)
        case decimal.Decimal():
            return value + decimal.Decimal("0.01")
    return value + 1


def rows_in(files: Path) -> int:
    with duckdb.connect() as db:
        return db.execute(f"select count(*) from read_parquet('{files}')").fetchone()[0]


def test_the_floor_copies_every_row(source, tmp_path):
    floor.run(source, tmp_path / "out")
    assert rows_in(tmp_path / "out" / "copy" / "*.parquet") == rows_in(source / "*.parquet")


def test_spark_contenders_give_the_same_and_no_optimization_changes_an_answer(
    source, truth, tmp_path
):
    """Plain SQL and the notebook's way in one process, for the time of one start."""
    for table in rows_again.TABLES:
        rows = pa.table({"event_date": ["2019-10-01", "2019-10-02"], "event_key": [1, 2]})
        write_deltalake(tmp_path / "warehouse" / table, rows)
    script = Path(__file__).with_name("bench_in_spark.py")
    command = [sys.executable, str(script), str(source), str(tmp_path)]
    found = {**os.environ, "PYTHONPATH": str(PROJECT)}
    ran = subprocess.run(command, cwd=PROJECT, env=found, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert rows_in(tmp_path / "copy" / "*.parquet") == rows_in(source / "*.parquet")
    for table in rows_again.TABLES:
        assert rows_in(tmp_path / "again" / Path(table).name / "*" / "*.parquet") == 2
    assert check.fingerprints(tmp_path / "plain") == check.fingerprints(truth)
    right = check.totals(tmp_path / "notebook", notebook.RIGHT_TOTALS)
    assert right == check.totals(truth, notebook.SAME_FROM_MARTS)
    measured = json.loads((tmp_path / "lab.json").read_text())
    rows = lab.judged(measured["rows"])
    assert len(rows) == len(measured["rows"])
    assert "wrong answer" not in {row["verdict"] for row in rows}
    assert [row["experiment"] for row in rows if not row["bytes_read"]] == []
    kpis = {k["kpi"]: k["value"] for k in run_lab.technical_kpis(rows, measured["facts"])}
    assert kpis["bytes saved by the format"] > 0
    assert kpis["files skipped by partitioning"] > 50
    assert kpis["files skipped by statistics"] > 50
    assert kpis["shuffles eliminated by the broadcast join"] > 0
    assert kpis["failed writes tried"] == 1
    assert kpis["rows of failed writes that readers see"] == 0
    assert kpis["deleted rows read back by time travel"] == kpis["rows deleted"] > 0
