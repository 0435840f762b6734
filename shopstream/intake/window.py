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
OUT = "count(day) filter (day < coalesce(${0}_first, day) or day > coalesce(${0}_last, day))"
COUNTS = f"""
    select min(day), max(day), count(day), {OUT.format("general")}, {OUT.format("own")}
    from ({DAYS})
"""
Window = tuple[date | None, date | None]


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
        words = copies and warning(copies, start, end, window, files[0].source_file)
        if words:
            log.warning("%s", words)
            console.print(f"[bold]Most rows are out of the window.[/bold] {words}")


def warning(
    copies: list[Path],
    start: date | None,
    end: date | None,
    own: Window = (None, None),
    example: str = "",
) -> str | None:
    """What to set where most rows of these copies are out of the window; None where they aren't.

    Of the general one, else of their `own`, which the description of files such as `example` gives.
    """
    values = {"general_first": start, "general_last": end, "own_first": own[0], "own_last": own[1]}
    with duckdb.connect() as db:
        db.execute("set timezone = 'UTC'")
        db.register("delivered", ds.dataset([str(copy) for copy in copies]))
        first, last, rows, out, out_of_own = db.execute(COUNTS, values).fetchone()
    if 2 * out > rows:
        return (
            f"{out:,} of {rows:,} new rows that have a date: they are of {first} to {last}, and "
            f"the window is {start or 'open'} to {end or 'open'}. To take them in, set in "
            f'dbt_project.yml window_start: "{first}" and window_end: "{last}", then run '
            ".venv/bin/shopstream backfill (before this load was built: make build)."
        )
    if 2 * out_of_own > rows:
        return (
            f"{out_of_own:,} of {rows:,} new rows that have a date, of files such as {example}: "
            f"they are of {first} to {last}, and the window of their description in sources/ is "
            f"{own[0] or 'open'} to {own[1] or 'open'}. To take them in, give it another: window: "
            f"{{start: {first}, end: {last}}}, then run: make build."
        )
    return None
