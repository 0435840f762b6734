"""What a loss of power left is put right at the start of a run, and comes to no reader's eyes."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from shopstream import disk, published
from shopstream.config import Settings
from shopstream.errors import Damaged
from shopstream.intake import landing, register
from shopstream.run import dbt
from shopstream.warehouse import checksums, fingerprint, publishing, tables, written

ROWS, FACT = "shopstream_staging.stg_rows", "shopstream_core.fct_events"
HOURS, BUILDS = "shopstream_core.dim_time", "shopstream_performance.builds"
FILES = "shopstream_landing.landed_files"
NAMES = [ROWS, FACT, HOURS, BUILDS, FILES]


def add(warehouse: Path, name: str, number: int) -> None:
    write_deltalake(tables.folder_of(warehouse, name), pa.table({"n": [number]}), mode="append")


def rows(warehouse: Path, name: str) -> list[int]:
    table = DeltaTable(tables.folder_of(warehouse, name)).to_pyarrow_table()
    return sorted(table["n"].to_pylist())


def run(warehouse: Path) -> str:
    said = []
    with written.by_this_run(warehouse, said.append):
        pass
    return "".join(said)


@pytest.fixture
def warehouse(tmp_path) -> Path:
    """Tables of two versions by a run, and of two more by one that lost its power."""
    for number in (1, 2):
        for name in NAMES:
            add(tmp_path, name, number)
    fingerprint.write(tmp_path, "some code")
    run(tmp_path)
    note = json.loads((tmp_path / written.FILE).read_text())
    (tmp_path / written.FILE).write_text(json.dumps(note | {"building": True}))
    for number in (3, 4):
        for name in NAMES:
            add(tmp_path, name, number)
    return tmp_path


def commit(warehouse: Path, name: str, version: int) -> Path:
    return tables.folder_of(warehouse, name) / "_delta_log" / f"{version:020}.json"


def data_file(warehouse: Path, name: str, version: int) -> Path:
    for line in commit(warehouse, name, version).read_text().splitlines():
        if add := json.loads(line).get("add"):
            return tables.folder_of(warehouse, name) / add["path"]
    raise AssertionError(f"{name} has no file in version {version}")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


HOW = {each.__name__: each for each in (empty, zeros, half, Path.unlink)}


@pytest.mark.parametrize("what", [commit, data_file])
@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("name", [ROWS, FACT, HOURS, BUILDS])
def test_a_table_is_as_before_what_was_lost_and_all_is_made_anew(warehouse, name, how, what):
    HOW[how](what(warehouse, name, 2))
    assert f"Damaged or lost: {name} (1 in all)" in run(warehouse)
    assert rows(warehouse, name) == [1, 2]
    assert fingerprint.read(warehouse) == fingerprint.SEVERAL
    assert run(warehouse) == "", "it is put right"
    add(warehouse, name, 5)
    assert rows(warehouse, name) == [1, 2, 5]


@pytest.mark.parametrize("what", [commit, data_file])
@pytest.mark.parametrize("how", HOW)
def test_rows_that_were_noted_and_are_lost_are_read_again(warehouse, how, what):
    HOW[how](what(warehouse, ROWS, 1))
    assert "So all rows are read again." in run(warehouse)
    assert fingerprint.read(warehouse) == fingerprint.NOTHING


@pytest.mark.parametrize("how", HOW)
def test_a_table_of_which_nothing_is_left_is_made_anew(warehouse, how):
    HOW[how](data_file(warehouse, FACT, 0))
    assert FACT in run(warehouse)
    assert not tables.folder_of(warehouse, FACT).exists()
    assert fingerprint.read(warehouse) == fingerprint.SEVERAL


@pytest.mark.parametrize("how", HOW)
def test_a_checkpoint_that_is_lost_is_read_past(warehouse, how):
    folder = tables.folder_of(warehouse, FACT)
    DeltaTable(folder).create_checkpoint()
    HOW[how](next(folder.rglob("*.checkpoint.parquet")))
    assert run(warehouse) == "" and rows(warehouse, FACT) == [1, 2, 3, 4]
    DeltaTable(folder).create_checkpoint()
    HOW[how](folder / "_delta_log" / "_last_checkpoint")
    assert run(warehouse) == "" and rows(warehouse, FACT) == [1, 2, 3, 4]


def test_commits_before_a_checkpoint_need_not_be_there(warehouse):
    DeltaTable(tables.folder_of(warehouse, FACT)).create_checkpoint()
    for version in (0, 1):
        commit(warehouse, FACT, version).unlink()
    assert run(warehouse) == "" and rows(warehouse, FACT) == [1, 2, 3, 4]
    HOW["empty"](commit(warehouse, FACT, 2))
    assert run(warehouse) == "" and rows(warehouse, FACT) == [1, 2, 3, 4]


def test_a_register_loses_what_a_landing_without_power_wrote(warehouse):
    """Its work copies and its number are on the disk before it; the files are landed again."""
    empty(commit(warehouse, FILES, 2))
    assert run(warehouse) == ""
    assert rows(warehouse, FILES) == [1, 2]


def lose_table(warehouse: Path) -> None:
    tables.remove(warehouse, tables.folder_of(warehouse, FILES))


@pytest.mark.parametrize(
    "lose",
    [
        lambda w: empty(commit(w, FILES, 1)),
        lambda w: zeros(data_file(w, FILES, 1)),
        lambda w: data_file(w, FILES, 3).unlink(),
        lose_table,
    ],
)
def test_a_register_that_lost_what_was_noted_stops_the_run_and_is_left_as_it_is(warehouse, lose):
    lose(warehouse)
    before = sorted(tables.folder_of(warehouse, FILES).rglob("*"))
    for _ in range(2):
        with pytest.raises(Damaged, match=r"landing\.db/landed_files.*operations\.md"):
            run(warehouse)
    assert sorted(tables.folder_of(warehouse, FILES).rglob("*")) == before
    assert fingerprint.read(warehouse) == "some code"


@pytest.fixture
def order(monkeypatch) -> list[str]:
    """What is brought to the disk, in its order: names of files, or `all`."""
    wrote: list[str] = []
    write = disk.write
    monkeypatch.setattr(disk, "sync_all", lambda _: wrote.append("all"))
    monkeypatch.setattr(
        disk, "write", lambda path, *a, **k: wrote.append(path.name) or write(path, *a, **k)
    )
    return wrote


def test_all_that_a_build_wrote_is_on_the_disk_before_it_is_published(tmp_path, order):
    add(tmp_path, FACT, 1)
    publishing.publish(tmp_path)
    assert order == [checksums.FILE, "all", published.COPY, published.FILE]


def test_the_register_is_on_the_disk_after_its_work_copies_and_before_dbt(
    tmp_path, order, monkeypatch
):
    write = register.write_table
    monkeypatch.setattr(register, "write_table", lambda *a: order.append(a[1]) or write(*a))
    monkeypatch.setattr(dbt, "dbt", lambda *_, **__: order.append("dbt") or 0)
    folders = [tmp_path / name for name in ("landing", "warehouse", "sample", "logs", "target")]
    settings = Settings(*folders)
    settings.landing.mkdir()
    (settings.landing / "a.csv").write_text(
        "event_time,event_type,product_id,user_id\n2019-10-01 10:00:00,view,1,1\n"
    )
    landing.land(settings.landing, settings.warehouse)
    dbt.warm_dbt(settings, "build")
    assert order == ["loads", "all", "landed_files", "deliveries", "all", "dbt"]
    del order[:]
    register.new_load(settings.warehouse)
    assert order == ["loads", "all"]


def test_all_on_the_disk_is_asked_of_the_system_and_its_errors_are_told(tmp_path, monkeypatch):
    disk.sync_all(tmp_path)
    monkeypatch.setattr(disk, "_C", type("Broken", (), {"syncfs": lambda self, handle: -1})())
    with pytest.raises(OSError):
        disk.sync_all(tmp_path)
    asked = []
    monkeypatch.setattr(disk, "_C", object())
    monkeypatch.setattr(disk.os, "sync", lambda: asked.append(1))
    disk.sync_all(tmp_path)
    assert asked, "where there is no syncfs"
