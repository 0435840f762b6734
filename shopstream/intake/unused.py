"""Files of a load of which no row could be used, with the reasons and an example row of each."""

import logging
from pathlib import Path

import duckdb
from deltalake import DeltaTable
from rich.markup import escape

from shopstream.console import console
from shopstream.intake.landing import LandedFile, LandingResult
from shopstream.plain import plain
from shopstream.published import rows_of
from shopstream.warehouse.tables import table_folders

log = logging.getLogger(__name__)
SHOWN = 200  # characters of an example
# Such rows have their place in the window, so `stg_rows` doesn't know of it.
COLLIDED = ["key_collision, see quarantined_events"]
REASONS = """
    select
        file_key,
        coalesce(reason, fate) as why,
        count(*) as total_rows,
        min(row_number) as first_row,
        arg_min(coalesce(delivered_row, event_time::varchar), row_number) as example,
        min(event_time)::date as first_date,
        max(event_time)::date as last_date
    from stg_rows
    where event_date is null and list_contains($keys, file_key)
    group by all
    order by total_rows desc, why
"""


def lost_files(warehouse: Path, landed: LandingResult) -> list[str]:
    """A sentence for each new file of which nothing came in: refused ones, and unused ones.

    Unused ones are printed too; refused ones the summary has.
    """
    unused = unused_files(warehouse, landed.landed)
    for sentence in unused:
        console.print(f"  [bold]unused[/bold]: {escape(sentence)}")
    return [*(f"{file.source_file}: {file.reason}" for file in landed.refused), *unused]


def unused_files(warehouse: Path, landed: list[LandedFile]) -> list[str]:
    """A sentence for each file that has rows, all of them quarantined or out of the window.

    It reads the newest versions of row_ledger and stg_rows, which this build has just made; a file
    that they don't know is not judged.
    """
    folders = table_folders(warehouse)
    names = ("shopstream_quality.row_ledger", "shopstream_staging.stg_rows")
    if not landed or not all(name in folders for name in names):
        return []
    ledger, rows = (rows_of(DeltaTable(folders[name])) for name in names)
    files = {file.file_sha256: file for file in landed}
    with duckdb.connect() as db:
        db.execute("set timezone = 'UTC'")
        db.register("row_ledger", ledger)
        found = db.execute(
            "select file_sha256 from row_ledger where list_contains($shas, file_sha256) "
            "and rows_read > 0 and rows_read = rows_quarantined + rows_out_of_window",
            {"shas": list(files)},
        ).fetchall()
        unused = {files[sha].file_key: files[sha] for (sha,) in found}
        if not unused:
            return []
        db.register("stg_rows", rows)
        reasons: dict[int, list[str]] = {key: [] for key in unused}
        for key, *reason in db.execute(REASONS, {"keys": list(unused)}).fetchall():
            reasons[key].append(_words(*reason))
    sentences = [
        f"{file.source_file}: no row of {file.rows_read:,} could be used: "
        f"{'; '.join(reasons[key] or COLLIDED)}"
        for key, file in sorted(unused.items(), key=lambda item: item[1].source_file)
    ]
    for sentence in sentences:
        log.warning("%s", sentence)
    return sentences


def _words(why: str, rows: int, row: int, example: str, first, last) -> str:
    dates = f" ({first} to {last})" if why == "out_of_window" else ""
    shown = plain(example or "")
    cut = " ..." if len(shown) > SHOWN else ""
    return f"{rows:,} {why}{dates}, such as row {row}: {shown[:SHOWN]}{cut}"
