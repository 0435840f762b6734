"""Whether the published build is whole: its files, rows, keys and ledger, and the register."""

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb

from shopstream.errors import Damaged
from shopstream.published import open_entry, read_published, rows_of
from shopstream.warehouse.checksums import UNREADABLE
from shopstream.warehouse.damage import is_whole
from shopstream.warehouse.tables import REGISTER, table_folders

KEYS = {
    "shopstream_core.fct_events": "event_date, event_key",
    "shopstream_core.dim_sessions": "session_key",
    "shopstream_core.dim_users": "user_id",
    "shopstream_core.dim_products": "product_id",
    "shopstream_core.dim_time": "time_key",
    "shopstream_quality.row_ledger": "file_sha256",
}
BALANCE = """
    select count(*) from row_ledger
    where rows_read != rows_accepted + rows_duplicate + rows_out_of_window + rows_quarantined
        + rows_erased
"""
ACCEPTED = (
    "select (select coalesce(sum(rows_accepted), 0) from row_ledger), count(*) from fct_events"
)


def verify(warehouse: Path, on_progress: Callable[[str], None] = lambda _: None) -> list[str]:
    """All that is wrong with what readers see, in words. Raises NothingPublished, PublishedLost."""
    published, held, faults = read_published(warehouse), {}, []
    for name, entry in published["tables"].items():
        on_progress(name)
        try:
            rows = rows_of(open_entry(warehouse, entry))
            rows.count_rows()
            held[name] = rows
        except (Damaged, *UNREADABLE) as error:
            faults.append(f"{name}: {error}")
    with duckdb.connect() as db:
        for name, rows in held.items():
            db.register(name.split(".")[1], rows)
        try:
            faults += _broken_rules(db, set(held))
        except duckdb.Error as error:
            faults.append(f"the rows can't be read: {error}")
    return faults + _damaged_register(warehouse)


def _broken_rules(db: duckdb.DuckDBPyConnection, held: set[str]) -> Iterator[str]:
    for name, key in KEYS.items():
        if name in held:
            table = name.split(".")[1]
            twice = f"select count(*) - count(distinct ({key})) from {table}"
            if number := db.execute(twice).fetchone()[0]:
                yield f"{name}: {number:,} rows have a key ({key}) that another row has"
    if {"shopstream_quality.row_ledger", "shopstream_core.fct_events"} <= held:
        if number := db.execute(BALANCE).fetchone()[0]:
            yield f"row_ledger: {number:,} files have rows without a fate"
        accepted, events = db.execute(ACCEPTED).fetchone()
        if accepted != events:
            yield f"row_ledger accepts {accepted:,} rows, fct_events has {events:,}"


def _damaged_register(warehouse: Path) -> list[str]:
    return [
        f"{name}: a file of the register of landed files is gone or damaged"
        for name, folder in table_folders(warehouse).items()
        if name.startswith(REGISTER) and not is_whole(folder)
    ]
