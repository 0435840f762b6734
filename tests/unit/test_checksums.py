"""No reader is shown a published table that is not what was published, and verify tells of it."""

import random
import shutil
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from shopstream import published
from shopstream.errors import Damaged
from shopstream.people.query import connect
from shopstream.warehouse import checksums, maintenance, publishing
from shopstream.warehouse.verify import verify

USERS, FACT = "shopstream_core.dim_users", "shopstream_core.fct_events"
LEDGER = "shopstream_quality.row_ledger"


def folder(warehouse: Path, name: str) -> Path:
    schema, table = name.split(".")
    return warehouse / f"{schema}.db" / table


def write(warehouse: Path, name: str, mode: str = "append", **columns: list) -> None:
    write_deltalake(folder(warehouse, name), pa.table(columns), mode=mode)


@pytest.fixture
def warehouse(tmp_path) -> Path:
    """A published build: users in two files, events, and a ledger that agrees with them."""
    write(tmp_path, USERS, user_id=list(range(300)), spent=[1.5] * 300)
    write(tmp_path, USERS, user_id=[300], spent=[7.25])
    write(tmp_path, FACT, event_date=[1, 1], event_key=[1, 2])
    counts = {"rows_read": [4], "rows_accepted": [2], "rows_duplicate": [2]}
    none = dict.fromkeys(("rows_out_of_window", "rows_quarantined", "rows_erased"), [0])
    write(tmp_path, LEDGER, file_sha256=["a"], **counts, **none)
    publishing.publish(tmp_path)
    return tmp_path


def files(warehouse: Path) -> list[Path]:
    return sorted(folder(warehouse, USERS).glob("*.parquet"))


def read(warehouse: Path) -> int:
    rows = connect(warehouse, "from dim_users").execute("select sum(spent) from dim_users")
    return rows.fetchone()[0]


def test_a_whole_build_is_read_and_verified(warehouse):
    assert read(warehouse) == 457.25
    assert verify(warehouse) == []


def test_each_flipped_bit_of_a_file_is_noticed(warehouse):
    file, draw = files(warehouse)[0], random.Random(1)
    held = file.read_bytes()
    for _ in range(300):
        bit = draw.randrange(len(held) * 8)
        changed = bytearray(held)
        changed[bit // 8] ^= 1 << bit % 8
        file.write_bytes(changed)
        with pytest.raises(Damaged, match="is not as it was published"):
            read(warehouse)
    file.write_bytes(held)
    assert read(warehouse) == 457.25


def of_no_bytes(file: Path) -> None:
    file.write_bytes(b"")


@pytest.mark.parametrize("how", [Path.unlink, of_no_bytes])
@pytest.mark.parametrize("what", ["data", "commit"])
def test_what_is_lost_is_named_and_not_taken_for_no_change(warehouse, how, what):
    commit = folder(warehouse, USERS) / "_delta_log" / f"{1:020}.json"
    how(commit if what == "commit" else files(warehouse)[0])
    with pytest.raises(Damaged, match=r"dim_users is damaged.*--full-refresh"):
        read(warehouse)
    assert published.open_table(warehouse, FACT).version() == 0, "other tables are read"
    [fault] = verify(warehouse)
    assert fault.startswith(f"{USERS}: ") and "verify" in fault


def test_a_log_that_tells_something_else_is_noticed(warehouse):
    """A reader skips files by the least and greatest values that the log tells."""
    commit = folder(warehouse, USERS) / "_delta_log" / f"{1:020}.json"
    commit.write_text(commit.read_text().replace('user_id\\":300', 'user_id\\":301'))
    with pytest.raises(Damaged, match="its log"):
        read(warehouse)


def test_each_build_is_as_it_was_published(warehouse):
    write(warehouse, USERS, "overwrite", user_id=[1], spent=[1.0])
    publishing.publish(warehouse)
    assert read(warehouse) == 1.0
    publishing.roll_back(warehouse)
    assert read(warehouse) == 457.25
    maintenance.maintain(warehouse)
    assert read(warehouse) == 457.25


def test_maintenance_and_checkpoints_change_no_checksum(warehouse):
    maintenance.maintain(warehouse)
    maintenance.maintain(warehouse, delist_all=True)
    assert read(warehouse) == 457.25
    DeltaTable(folder(warehouse, USERS)).create_checkpoint()
    for commit in (folder(warehouse, USERS) / "_delta_log").glob("*.json"):
        commit.unlink()
    assert read(warehouse) == 457.25 and verify(warehouse) == []


@pytest.mark.parametrize("held", [None, "", "[]", "{}"])
def test_without_the_list_of_files_damage_is_noticed_too(warehouse, held):
    listed = warehouse / checksums.FILE
    listed.unlink() if held is None else listed.write_text(held)
    assert read(warehouse) == 457.25
    shutil.copy(files(warehouse)[1], files(warehouse)[0])
    with pytest.raises(Damaged):
        read(warehouse)


def test_a_file_is_hashed_once_and_only_files_that_are_there_stay_noted(warehouse, monkeypatch):
    read(warehouse)
    hashed = []
    own = checksums._hash
    monkeypatch.setattr(checksums, "_hash", lambda path: hashed.append(path) or own(path))
    read(warehouse)
    assert hashed == []
    write(warehouse, USERS, user_id=[9], spent=[1.0])
    publishing.publish(warehouse)
    assert len(hashed) == 1
    maintenance.maintain(warehouse, delist_all=True)
    path = str(folder(warehouse, USERS).relative_to(warehouse))
    assert len(checksums._noted(warehouse)[path]) == len(files(warehouse)) == 1


def test_a_build_of_before_checksums_is_read(warehouse):
    shown = published.read_published(warehouse)
    for entry in shown["tables"].values():
        del entry["checksum"]
    assert published.open_table(warehouse, USERS, shown).version() == 1


def test_verify_tells_of_keys_and_ledger(warehouse):
    write(warehouse, USERS, user_id=[7], spent=[1.0])
    write(warehouse, FACT, event_date=[2], event_key=[1])
    publishing.publish(warehouse)
    faults = verify(warehouse)
    assert "1 rows have a key (user_id) that another row has" in faults[0]
    assert faults[1] == "row_ledger accepts 2 rows, fct_events has 3"
    counts = {"rows_read": [9], "rows_accepted": [3], "rows_duplicate": [2]}
    none = dict.fromkeys(("rows_out_of_window", "rows_quarantined", "rows_erased"), [0])
    write(warehouse, LEDGER, "overwrite", file_sha256=["a"], **counts, **none)
    publishing.publish(warehouse)
    assert verify(warehouse)[1] == "row_ledger: 1 files have rows without a fate"


def test_verify_tells_of_the_register(warehouse):
    register = "shopstream_landing.loads"
    write(warehouse, register, load_id=[1])
    assert verify(warehouse) == []
    next(folder(warehouse, register).glob("*.parquet")).unlink()
    [fault] = verify(warehouse)
    assert fault.startswith(register)
