"""A word on the window of dates as soon as files are landed, before a build leaves rows out."""

import logging
from collections import defaultdict
from datetime import date
from pathlib import Path

import duckdb
import pyarrow.dataset as ds

from shopstream.config import rules
from shopstream.console import console
from shopstream.intake.committer import LandingResult
from shopstream.intake.landing import work_copies
from shopstream.intake.register import LandedFile

log = logging.getLogger(__name__)
# Only the date: an offset may move a row by a day, which is of no matter here.
DAYS = r"""
    select coalesce(
        event_time_exact::date,
        case
            when regexp_matches(event_time, '^\s*\d{4}-\d\d-\d\d[ T]')
                then try_cast(left(ltrim(event_time), 10) as date)
        end
    ) as day
    from delivered
"""
COUNTS = f"""
    select
        min(day),
        max(day),
        count(day),
        count(day) filter (day < coalesce($first, day) or day > coalesce($last, day))
    from ({DAYS})
"""


def warn_of_window(warehouse: Path, landed: LandingResult) -> None:
    """Say which dates came and which settings take them in, where most rows are out of the window.

    It reads the work copies that `land` has just made: one column, seconds for 40 million rows.
    """
    bounds = [rules()[name] for name in ("window_start", "window_end")]
    start, end = (bound and date.fromisoformat(str(bound)) for bound in bounds)
    sources = defaultdict(list)
    for file in landed.landed:
        sources[file.window_start, file.window_end].append(file)
    for window, files in sources.items():
        copies = work_copies(warehouse, files)
        words = copies and (warning(copies, start, end) or of_source(copies, files[0], *window))
        if words:
            log.warning("%s", words)
            console.print(f"[bold]Most rows are out of the window.[/bold] {words}")


def of_source(
    copies: list[Path], example: LandedFile, start: date | None, end: date | None
) -> str | None:
    """The same of the window that the description of these files gives."""
    found = _counts(copies, start, end)
    if not found:
        return None
    first, last, rows, out = found
    return (
        f"{out:,} of {rows:,} new rows that have a date, of files such as {example.source_file}: "
        f"they are of {first} to {last}, and the window of their description in sources/ is "
        f"{start or 'open'} to {end or 'open'}. To take them in, give it another: window: "
        f"{{start: {first}, end: {last}}}, then run: make build."
    )


def warning(copies: list[Path], start: date | None, end: date | None) -> str | None:
    """What to set where most rows of these copies are out of the window; None where they aren't."""
    found = _counts(copies, start, end)
    if not found:
        return None
    first, last, rows, out = found
    return (
        f"{out:,} of {rows:,} new rows that have a date: they are of {first} to {last}, and the "
        f"window is {start or 'open'} to {end or 'open'}. To take them in, set in dbt_project.yml "
        f'window_start: "{first}" and window_end: "{last}", then run .venv/bin/shopstream backfill '
        "(before this load was built: make build)."
    )


def _counts(copies: list[Path], start: date | None, end: date | None) -> tuple | None:
    """First and last date, rows and those out of a window, where these are most; else None."""
    with duckdb.connect() as db:
        db.execute("set timezone = 'UTC'")
        db.register("delivered", ds.dataset([str(copy) for copy in copies]))
        values = {"first": start, "last": end}
        first, last, rows, out = db.execute(COUNTS, values).fetchone()
    return (first, last, rows, out) if 2 * out > rows else None
