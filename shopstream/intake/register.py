"""The register of what was delivered: small Delta tables, a row of each a dataclass.

`landed_files`, `refused_files`, `deliveries`, `loads`, `backfills` and `erased_users`. Models read
them; only this package writes them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from shopstream import disk
from shopstream.errors import LandingError
from shopstream.intake import erased_ids
from shopstream.warehouse.tables import is_table

SCHEMA = "shopstream_landing"


@dataclass(frozen=True)
class LandedFile:
    """One file content whose rows were decoded.

    `load_id` is the load that last changed what is held of it, `first_load_id` the one that brought
    it: where they differ, rows of an earlier load have to go. A withdrawn content stays known, so
    that it is not taken in again. `source_hash` is that of the description it was read by, which
    also gives the window of its rows.
    """

    file_key: int
    file_sha256: str
    source_file: str
    format: str
    bytes: int
    rows_read: int
    notes: str | None
    first_load_id: int
    load_id: int
    loaded_at: datetime
    withdrawn_at: datetime | None = None
    source_hash: str = ""
    window_start: date | None = None
    window_end: date | None = None


@dataclass(frozen=True)
class RefusedFile:
    """One file that lies in the landing folder and can't be read as events."""

    source_file: str
    file_sha256: str | None
    reason: str
    seen_at: datetime


@dataclass(frozen=True)
class Delivery:
    """A name that was seen; bytes and state are those of its container, the file on disk.

    Warehouses of before have no state: they read a file once more to know it. `source_hash` is that
    of the description of its name when it was read.
    """

    source_file: str
    container: str
    file_sha256: str | None
    bytes: int
    state: str = ""
    source_hash: str = ""


@dataclass(frozen=True)
class Load:
    """A run that changed what is loaded; the numbers that tables are compared by."""

    load_id: int
    loaded_at: datetime


@dataclass(frozen=True)
class Backfill:
    """A date that was computed anew in a load; None for rows without a place in the window."""

    load_id: int
    event_date: date | None


@dataclass(frozen=True)
class ErasedUser:
    """A user who is never taken in again, known only by a keyed hash."""

    load_id: int
    user_hash: str
    erased_at: datetime


TABLES = {
    "landed_files": LandedFile,
    "refused_files": RefusedFile,
    "deliveries": Delivery,
    "loads": Load,
    "backfills": Backfill,
    "erased_users": ErasedUser,
}
_TYPES = {
    "int": pa.int64(),
    "str": pa.string(),
    "datetime": pa.timestamp("us", "UTC"),
    "date": pa.date32(),
}


def home_of(warehouse: Path) -> Path:
    """Where Spark expects the tables of the schema shopstream_landing."""
    return warehouse / f"{SCHEMA}.db"


def prepare(home: Path) -> None:
    """Make the tables that are not there yet, and the folders beside them."""
    for folder in ("landed_rows", "extracted"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    for name, row in TABLES.items():
        table = DeltaTable.create(str(home / name), schema=_schema(row), mode="ignore")
        if len(table.schema().fields) < len(fields(row)):  # of an earlier version
            write_table(home, name, read_table(home, name))


def read_table(home: Path, name: str) -> list:
    """The rows of a table. Raises LandingError where they are of another version."""
    rows = DeltaTable(str(home / name)).to_pyarrow_table().to_pylist()
    for row in rows:
        row.pop("modified_ns", None)  # of deliveries, before there was a state
    try:
        return [TABLES[name](**row) for row in rows]
    except TypeError:
        raise LandingError(
            f"The warehouse {home.parent} was made by another version of shopstream: remove its "
            "tables with `make clean` and build it anew from the landing files with `make build`."
        ) from None


def write_table(home: Path, name: str, rows: Iterable) -> None:
    """Replace the rows of a table."""
    table = pa.Table.from_pylist([vars(row) for row in rows], schema=_schema(TABLES[name]))
    write_deltalake(str(home / name), table, mode="overwrite", schema_mode="overwrite")


def _schema(row: type) -> pa.Schema:
    """Column types by the annotations of a dataclass."""
    return pa.schema(
        pa.field(field.name, _TYPES[field.type.split()[0]], nullable="None" in field.type)
        for field in fields(row)
    )


def landed_files(warehouse: Path) -> list[LandedFile]:
    """Every content that was ever landed, withdrawn ones too."""
    return read_table(home_of(warehouse), "landed_files")


def has_landed(warehouse: Path) -> bool:
    """Whether any content was ever landed in this warehouse."""
    return is_table(home_of(warehouse) / "landed_files") and bool(landed_files(warehouse))


def versions(warehouse: Path) -> dict[str, int]:
    """Versions of the tables; while they stay, models have nothing new to read."""
    read = [name for name in TABLES if name != "deliveries"]
    return {name: DeltaTable(str(home_of(warehouse) / name)).version() for name in read}


def new_load(warehouse: Path) -> int:
    """Register a load without files and return its number."""
    home = home_of(warehouse)
    loads = read_table(home, "loads")
    number = max((load.load_id for load in loads), default=0) + 1
    write_table(home, "loads", [*loads, Load(number, datetime.now(UTC))])
    disk.sync_all(home)  # before anything names the number
    return number


def renumber(warehouse: Path, shas: set[str], *, withdrawn_at: datetime | None) -> None:
    """Have a new load change what is held of contents: they are withdrawn, or taken in again."""
    number = new_load(warehouse)
    rows = [
        replace(row, load_id=number, withdrawn_at=withdrawn_at) if row.file_sha256 in shas else row
        for row in landed_files(warehouse)
    ]
    write_table(home_of(warehouse), "landed_files", rows)


def note_backfill(warehouse: Path, dates: Iterable[date]) -> int:
    """Register dates to be computed anew, as a load, and return its number.

    Rows can lose or win a place in the window by it, so rows without one are always among them.
    """
    number, home = new_load(warehouse), home_of(warehouse)
    rows = [Backfill(number, day) for day in {None, *dates}]
    write_table(home, "backfills", [*read_table(home, "backfills"), *rows])
    return number


def note_erased(warehouse: Path, load_id: int, user_id: int) -> None:
    """Register a user who is never to be taken in again. Raises LandingError."""
    home = home_of(warehouse)
    held = read_table(home, "erased_users")
    user_hash = erased_ids.hash_of(erased_ids.key_of(warehouse, may_make=not held), user_id)
    erased_ids.remember(warehouse, {user_hash, *(row.user_hash for row in held)})
    if user_hash not in {row.user_hash for row in held}:
        held.append(ErasedUser(load_id, user_hash, datetime.now(UTC)))
    write_table(home, "erased_users", held)


def erased_elsewhere(warehouse: Path) -> set[str]:
    """Hashes of users that are kept beside the warehouse and not in it: it is older than that.

    Those that only the register has are put beside it. Raises LandingError.
    """
    home = home_of(warehouse)
    rows = read_table(home, "erased_users") if is_table(home / "erased_users") else []
    held = {row.user_hash for row in rows}
    remembered = erased_ids.remembered(warehouse)
    if held - remembered:
        erased_ids.remember(warehouse, held)
    return remembered - held


def note_hashes(warehouse: Path, hashes: Iterable[str]) -> None:
    """Register erased users of whom only the hash is known."""
    home, now = home_of(warehouse), datetime.now(UTC)
    prepare(home)
    held = read_table(home, "erased_users")
    new = sorted({*hashes} - {row.user_hash for row in held})
    rows = [ErasedUser(0, user_hash, now) for user_hash in new]
    write_table(home, "erased_users", [*held, *rows])
