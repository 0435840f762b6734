"""An erasure that is cut short at any point, or undone by a backup, is finished by a build."""

import json
import shutil
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from shopstream import disk
from shopstream.config import Settings
from shopstream.errors import LandingError
from shopstream.intake import erased_ids, erasure, landing
from shopstream.intake.decode import EVENT_COLUMNS
from shopstream.published import read_published
from shopstream.run import build
from shopstream.warehouse import fingerprint, written
from shopstream.warehouse.publishing import publish

USER, OTHER = 501, 777


@pytest.fixture
def settings(tmp_path, monkeypatch) -> Settings:
    """Two rows of two users, landed, in the cleaned rows and published; dbt always passes."""
    names = ("landing", "warehouse", "sample", "logs", "target")
    for name in names:
        (tmp_path / name).mkdir()
    made = Settings(*(tmp_path / name for name in names))
    lines = "".join(f"2019-10-01 10:00:00,view,1,{user}\n" for user in (USER, OTHER))
    (made.landing / "a.csv").write_text(f"event_time,event_type,product_id,user_id\n{lines}")
    [file] = landing.land(made.landing, made.warehouse).landed
    landing.drop_work_copies(made.warehouse)
    columns = {name: pa.array([None, None], pa.string()) for name in EVENT_COLUMNS}
    rows = pa.table(
        columns
        | {
            "event_date": [date(2019, 10, 1)] * 2,
            "file_key": [file.file_key] * 2,
            "row_number": [1, 2],
            "user_id": [USER, OTHER],
            "fate": ["in_window"] * 2,
            "reason": pa.array([None] * 2, pa.string()),
            "delivered_row": pa.array([None] * 2, pa.string()),
            "event_key": [1, 2],
            "changes": [0, 0],
            "load_id": [1, 1],
        }
    )
    write_deltalake(made.warehouse / "shopstream_staging.db/stg_rows", rows)
    write_deltalake(made.warehouse / "shopstream_core.db/dim_users", rows.select(["user_id"]))
    publish(made.warehouse)
    fingerprint.write(made.warehouse, fingerprint.code_of_tables())
    with written.by_this_run(made.warehouse, print):
        pass
    (made.target / "manifest.json").write_text('{"nodes": {}, "sources": {}}')
    monkeypatch.setattr(build, "run_dbt", lambda *_, **__: True)
    monkeypatch.setattr(build, "note_build", lambda *_, **__: None)
    monkeypatch.setattr(build.BuildRun, "report", lambda *_, **__: None)
    monkeypatch.setattr(build, "lost_files", lambda *_: [])
    return made


def users(warehouse: Path) -> list[int | None]:
    rows = DeltaTable(warehouse / "shopstream_staging.db/stg_rows").to_pyarrow_table()
    return rows.sort_by("row_number")["user_id"].to_pylist()


def registered(warehouse: Path) -> set[str]:
    rows = DeltaTable(warehouse / "shopstream_landing.db/erased_users").to_pyarrow_table()
    return set(rows["user_hash"].to_pylist())


def hash_of(warehouse: Path, user: int) -> str:
    return erased_ids.hash_of(erased_ids.key_of(warehouse), user)


def kill_before(step: int, monkeypatch) -> None:
    """Have the process end before one of the things an erasure writes."""
    done = []

    def stopping(does):
        def write(*arguments, **options):
            if len(done) == step:
                raise KeyboardInterrupt
            done.append(1)
            return does(*arguments, **options)

        return write

    for owner, name in ((disk, "write"), (landing, "_write_table"), (DeltaTable, "update")):
        monkeypatch.setattr(owner, name, stopping(getattr(owner, name)))


# Note of the run, mark, load, backfill, key, hashes beside, register, rows; mark that they are
# blanked; then all of the build's.
@pytest.mark.parametrize("step", range(13))
def test_the_next_build_finishes_an_erasure_that_was_killed(settings, monkeypatch, step):
    warehouse = settings.warehouse
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        kill_before(step, patch)
        build.erase(settings, USER)
    assert build.build(settings) == 0
    if step < 2:
        assert users(warehouse) == [USER, OTHER], "it had not begun"
        return
    assert users(warehouse) == [None, OTHER]
    assert registered(warehouse) == {hash_of(warehouse, USER)}
    assert not (warehouse / erasure.MARK).exists()
    assert len(read_published(warehouse)["builds"]) == 1
    assert erased_ids.remembered(warehouse) == registered(warehouse)


def test_a_second_erasure_does_not_forget_the_first(settings, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        kill_before(3, patch)
        build.erase(settings, USER)
    assert build.erase(settings, OTHER) == 0
    assert users(settings.warehouse) == [None, None]


def test_an_erasure_that_can_not_begin_leaves_the_mark_of_another(settings, monkeypatch):
    erasure._mark(settings.warehouse, [USER], blanked=True)
    with pytest.raises(LandingError, match="is no user"):
        build.erase(settings, -999999)
    assert erasure.unfinished(settings.warehouse) == {"users": [USER], "blanked": True}
    assert (settings.warehouse / erasure.MARK).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("key_too", [True, False])
def test_a_backup_of_before_an_erasure_does_not_undo_it(settings, key_too):
    warehouse, backup = settings.warehouse, settings.warehouse.with_name("backup")
    if key_too:  # an earlier erasure made it
        assert build.erase(settings, 9) == 0
    shutil.copytree(warehouse, backup)
    assert build.erase(settings, USER) == 0
    held = registered(warehouse)
    shutil.rmtree(warehouse)
    backup.rename(warehouse)
    assert users(warehouse) == [USER, OTHER]
    assert build.build(settings) == 0
    assert users(warehouse) == [None, OTHER] and registered(warehouse) == held
    assert len(read_published(warehouse)["builds"]) == 1


def test_a_new_warehouse_in_the_place_of_one_keeps_erased_users_out(settings):
    assert build.erase(settings, USER) == 0
    shutil.rmtree(settings.warehouse)
    assert build.build(settings, with_tests=False) == 0
    assert len(registered(settings.warehouse)) == 1
    landed = landing.land(settings.landing, settings.warehouse, anew=True)
    [copy] = landing.work_copies(settings.warehouse, landed.landed)
    assert pq.read_table(copy)["is_erased"].to_pylist() == [True, False]


def test_a_list_of_another_warehouse_stops_the_build(settings):
    assert build.erase(settings, USER) == 0
    beside = erased_ids.beside(settings.warehouse)
    assert beside.stat().st_mode & 0o777 == 0o600
    beside.write_text(json.dumps({"key": "0" * 64, "users": ["1" * 64]}))
    with pytest.raises(LandingError, match="of another warehouse"):
        build.build(settings)
    beside.write_text("{")
    with pytest.raises(LandingError, match=r"erasures\.json is damaged"):
        build.build(settings)
    beside.unlink()
    assert build.build(settings) == 0
    assert erased_ids.remembered(settings.warehouse) == registered(settings.warehouse)


def test_what_lies_elsewhere_and_may_hold_the_user_is_named(settings, capsys):
    write_deltalake(settings.warehouse / "dev_core.db/dim_users", pa.table({"user_id": [USER]}))
    (settings.logs / "dbt.log").write_text(f"where user_id = {USER}\n")
    (settings.target / "report.html").write_text(f"<td>{USER}0</td>")
    assert build.erase(settings, USER) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "dev_core.dim_users" in said and "dbt.log" in said
    assert "report.html" not in said, "another number"
