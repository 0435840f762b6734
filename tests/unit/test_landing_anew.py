"""A full refresh that is cut short, at any moment, loses no file that was landed."""

from pathlib import Path

import pytest

from shopstream.errors import LandingError
from shopstream.intake import landing
from shopstream.warehouse import fingerprint

TABLES = ["loads", "landed_files", "backfills", "refused_files", "deliveries"]


@pytest.fixture
def folders(tmp_path) -> tuple[Path, Path]:
    """A landing folder with two files, landed."""
    files, warehouse = tmp_path / "landing", tmp_path / "warehouse"
    files.mkdir()
    for number, name in enumerate(("a.csv", "b.csv"), start=1):
        line = f"2019-10-01 10:00:00,view,{number},1"
        (files / name).write_text(f"event_time,event_type,product_id,user_id\n{line}\n")
    landing.land(files, warehouse)
    landing.note_backfill(warehouse, [])
    fingerprint.write(warehouse, "some code")
    return files, warehouse


def killed(*_, **__):
    raise KeyboardInterrupt


def landed(warehouse: Path) -> list[str]:
    return [file.source_file for file in landing.landed_files(warehouse)]


def cut_short(folders: tuple[Path, Path], monkeypatch, table: str) -> None:
    """A landing anew that is killed just before it writes a table of the register."""
    write = landing._write_table
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(landing, "_write_table", lambda *a: killed() if a[1] == table else write(*a))
        landing.land(*folders, anew=True)


def test_while_files_are_read_the_register_is_as_it_was(folders, monkeypatch):
    files, warehouse = folders
    before = landing.register_state(warehouse)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(landing._Run, "commit", killed)
        landing.land(*folders, anew=True)
    assert landing.register_state(warehouse) == before
    assert fingerprint.read(warehouse) == "some code", "nothing is owed"


@pytest.mark.parametrize("table", TABLES)
def test_a_file_that_goes_after_the_kill_is_missed_by_the_next_refresh(folders, monkeypatch, table):
    files, warehouse = folders
    cut_short(folders, monkeypatch, table)
    assert landed(warehouse) == ["a.csv", "b.csv"]
    assert fingerprint.read(warehouse) == fingerprint.NOTHING
    (files / "b.csv").unlink()
    for _ in range(2):
        with pytest.raises(LandingError, match=r"would lose rows.*: b\.csv \(1 in all\)"):
            landing.land(*folders, anew=True)
        assert landed(warehouse) == ["a.csv", "b.csv"]
    landing.land(*folders, anew=True, may_lose=True)
    assert landed(warehouse) == ["a.csv"]


@pytest.mark.parametrize("table", TABLES)
def test_the_next_refresh_ends_like_one_that_was_not_cut_short(folders, monkeypatch, table):
    files, warehouse = folders
    cut_short(folders, monkeypatch, table)
    again = landing.land(*folders, anew=True)
    assert landed(warehouse) == ["a.csv", "b.csv"]
    copies = landing.work_copies(warehouse, again.landed)
    assert len(copies) == 2 and all(copy.exists() for copy in copies)
    assert landing._read_table(landing._home(warehouse), "backfills") == []
    assert {file.load_id for file in again.landed} == {again.load_id}
