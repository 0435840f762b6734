"""Take rows out or in again: a file withdrawn or read anew, a user erased, dates computed anew.

Each function leaves the register so that the next build brings all tables up to date with it.
"""

import re
from collections import defaultdict
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from shopstream.config import rules
from shopstream.errors import LandingError
from shopstream.intake import erased_ids, landing, register
from shopstream.intake.columns import EVENT_COLUMNS
from shopstream.intake.reader import Progress
from shopstream.intake.register import LandedFile
from shopstream.published import newest_load, rows_of
from shopstream.warehouse.tables import folder_of, is_table

ROWS, FILE_DAYS = "shopstream_staging.stg_rows", "shopstream_intermediate.int_file_days"
VALUES_OF_A_ROW = ["event_date", "reason", "delivered_row", "event_key", *EVENT_COLUMNS, "quantity"]


def files_named(warehouse: Path, names: list[str]) -> list[LandedFile]:
    """Landed files by what the ledger shows: source_file, or file_sha256.

    Raises LandingError for an unknown one, and for a name that several contents came under.
    """
    found = defaultdict(list)
    for file in register.landed_files(warehouse):
        found[file.source_file].append(file)
        found[file.file_sha256].append(file)
    unknown = sorted(name for name in names if name not in found)
    if unknown:
        raise LandingError(
            f"not landed: {', '.join(unknown)}. Names are those of row_ledger.source_file, "
            "relative to the landing folder"
        )
    for name in names:
        if len(found[name]) > 1:
            contents = (
                f"{file.file_sha256} ({file.rows_read:,} rows of {file.loaded_at:%Y-%m-%d %H:%M}"
                f"{', withdrawn' if file.withdrawn_at else ''})"
                for file in sorted(found[name], key=lambda file: file.loaded_at)
            )
            raise LandingError(
                f"{name} was delivered with several contents; name one instead: "
                f"{', '.join(contents)}"
            )
    return [found[name][0] for name in names]


def files_with(warehouse: Path, fate: str) -> list[LandedFile]:
    """Landed files that have rows of this fate."""
    days = _file_days(warehouse, "file_key", "fate")
    keys = set(days.filter(pc.equal(days["fate"], fate))["file_key"].to_pylist())
    return [file for file in register.landed_files(warehouse) if file.file_key in keys]


def withdraw(warehouse: Path, shas: set[str]) -> None:
    """Mark contents as withdrawn: the next build takes their rows out, and `land` leaves them."""
    register.renumber(warehouse, shas, withdrawn_at=datetime.now(UTC))


def reload(
    folder: Path, warehouse: Path, shas: set[str], *, on_progress: Progress | None = None
) -> None:
    """Decode contents anew, so that the next build replaces their rows. Raises LandingError."""
    landing.reread(folder, warehouse, shas, on_progress=on_progress)
    register.renumber(warehouse, shas, withdrawn_at=None)


def rows_are_waiting(warehouse: Path) -> bool:
    """Whether files were landed, withdrawn or taken in again that the rows do not show yet."""
    newest = newest_load(_table(warehouse, ROWS))
    return any(file.load_id > newest for file in register.landed_files(warehouse))


def start_backfill(
    folder: Path, warehouse: Path, first: date | None, last: date | None, **progress
) -> dict:
    """Make work copies of the files that hold rows of these dates (both included; None for all).

    Returns the var `backfill` for the build that computes the dates anew. Raises LandingError when
    a file is not in the landing folder any more; nothing is changed then.
    """
    files = {
        f.file_key: f.file_sha256 for f in register.landed_files(warehouse) if not f.withdrawn_at
    }
    days = _file_days(warehouse, "event_date", "file_key")
    held = {day for day in days["event_date"].to_pylist() if day}
    if first:
        rows = rows_of(_table(warehouse, ROWS))
        column = pc.field("event_time").cast(pa.date32())
        undated = pc.field("event_date").is_null() | (
            (pc.field("event_date") >= pa.scalar(first))
            & (pc.field("event_date") <= pa.scalar(last))
        )
        keys = rows.to_table(
            columns=["file_key"],
            filter=undated & (column >= pa.scalar(first)) & (column <= pa.scalar(last)),
        )["file_key"].unique()
        files = {key: files[key] for key in keys.to_pylist()}
        held = {day for day in held if first <= day <= last}
    landing.reread(folder, warehouse, set(files.values()), **progress)
    number = register.note_backfill(warehouse, held)
    return {
        "first_date": first and str(first),
        "last_date": last and str(last),
        "load_id": number,
    }


def erase(warehouse: Path, user_id: int) -> list[str]:
    """Blank all rows of a user in the cleaned rows; returns the landing files that still hold some.

    Only a keyed hash of the id is kept, by which later loads leave its rows out. Older published
    builds still hold the user until they are delisted and cleaned up. Raises LandingError for the
    id that stands for no user: its rows are of many, and have no id by which to stay out.
    """
    if user_id == rules()["null_defaults"]["user_id"]:
        raise LandingError(
            f"{user_id} is no user: it stands for all rows that were delivered without one (var "
            "null_defaults). To take such rows out, withdraw or correct their files"
        )
    dataset = rows_of(_table(warehouse, ROWS))
    token = rf"(^|[^0-9])0*{user_id}($|[^0-9])"
    found = dataset.to_table(
        columns=["event_date", "file_key", "row_number"],
        filter=(pc.field("user_id") == user_id)
        | (
            (pc.field("reason") == "bad_row")
            & pc.match_substring_regex(pc.field("delivered_row"), token)
        ),
    ).to_pylist()
    number = register.note_backfill(warehouse, {row["event_date"] for row in found} - {None})
    register.note_erased(warehouse, number, user_id)
    positions = defaultdict(list)
    for row in found:
        positions[row["file_key"]].append(row["row_number"])
    if positions:
        # by position: Delta's log keeps the predicate, and is not to quote the user
        _table(warehouse, ROWS).update(
            predicate=" or ".join(
                f"(file_key = {key} and row_number in ({', '.join(map(str, rows))}))"
                for key, rows in positions.items()
            ),
            updates={name: "null" for name in VALUES_OF_A_ROW}
            | {"changes": "0", "fate": "'erased'", "load_id": str(number)},
        )
    files = register.landed_files(warehouse)
    return sorted(file.source_file for file in files if file.file_key in positions)


def users_of(warehouse: Path, hashes: set[str]) -> set[int]:
    """The users whose keyed hashes these are, of those that the cleaned rows hold."""
    if not hashes or not has_rows(warehouse):
        return set()
    key, rows = erased_ids.key_of(warehouse), rows_of(_table(warehouse, ROWS))
    users = set(pc.unique(rows.to_table(columns=["user_id"])["user_id"]).to_pylist())
    bad = rows.to_table(columns=["delivered_row"], filter=pc.field("reason") == "bad_row")
    for text in bad["delivered_row"].to_pylist():
        users |= {int(digits) for digits in re.findall("[0-9]{1,19}", text or "")}
    return {user for user in users - {None} if erased_ids.hash_of(key, user) in hashes}


def has_rows(warehouse: Path) -> bool:
    """Whether there are cleaned rows."""
    return is_table(folder_of(warehouse, ROWS))


def _file_days(warehouse: Path, *columns: str) -> pa.Table:
    table = _table(warehouse, FILE_DAYS)
    return table.to_pyarrow_table(columns=list(columns))


def _table(warehouse: Path, name: str) -> DeltaTable:
    folder = folder_of(warehouse, name)
    if not is_table(folder):
        raise LandingError(f"nothing was built in {warehouse} yet; run: make build")
    return DeltaTable(folder)
