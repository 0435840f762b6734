"""What a build did, in a table people can read."""

from pathlib import Path

from rich.table import Table

from shopstream.config import Settings
from shopstream.console import console
from shopstream.errors import NothingPublished
from shopstream.intake.committer import LandingResult
from shopstream.intake.finding import named
from shopstream.published import marts, open_table, read_published, rows_of
from shopstream.run.results import failures

FATES = ["rows_accepted", "rows_duplicate", "rows_out_of_window", "rows_quarantined", "rows_erased"]


def print_summary(
    settings: Settings,
    landed: LandingResult | None,
    published: bool,
    *,
    seconds: float,
    peak_bytes: int,
) -> None:
    """Print files and rows landed, fates, rows per mart, time, memory and what to do next."""
    if landed:
        print_landing(landed)
    if published:
        print_fates(settings.warehouse)
        print_coverage(settings.warehouse)
        print_marts(settings.warehouse)
    else:
        print_failures(settings)
    console.print(f"\n{seconds:.0f} s, peak memory {peak_bytes / 1e9:.1f} GB.")
    if published:
        console.print(
            "All models and tests passed; this build is published.\n"
            "Next: .venv/bin/shopstream query "
            '"select user_segment, sum(total_spent) as revenue from dim_users group by all"'
        )


def print_landing(landed: LandingResult) -> None:
    """Say which files came in and which were refused or left for later."""
    rows = sum(file.rows_read for file in landed.landed)
    files = "1 new file" if len(landed.landed) == 1 else f"{len(landed.landed):,} new files"
    console.print(f"\n[bold]Landed[/bold] {files}, {rows:,} rows.", end="")
    console.print("" if landed.landed else " Nothing new to load.")
    for file in landed.landed:
        if file.notes:
            console.print(f"  note: {file.source_file}: {file.notes}", markup=False)
    for file in landed.refused:
        console.print(f"  refused: {file.source_file}: {file.reason}", markup=False)
    if landed.known_refused:
        names = ", ".join(file.source_file for file in landed.known_refused)
        console.print(f"  still refused, as before: {names}", markup=False)
    for name in landed.skipped_changing:
        console.print(
            f"  left for the next run, it changed while it was read: {name}", markup=False
        )
    for name in landed.unused_descriptions:
        console.print(f"  note: {name} is of no file here: check its patterns", markup=False)
    if landed.ignored:
        console.print(
            f"  note: {len(landed.ignored):,} files with other endings were ignored: "
            f"{named(landed.ignored)}",
            markup=False,
        )


def print_fates(warehouse: Path) -> None:
    """Print what became of all rows that ever landed."""
    columns = ["rows_read", *FATES]
    ledger = open_table(warehouse, "shopstream_quality.row_ledger").to_pyarrow_table(
        columns=columns
    )
    totals = {name: sum(ledger[name].to_pylist()) for name in columns}
    table = Table(title=f"{totals['rows_read']:,} rows so far", title_justify="left")
    table.add_column("fate")
    table.add_column("rows", justify="right")
    table.add_column("share", justify="right")
    for fate in FATES:
        share = 100 * totals[fate] / totals["rows_read"] if totals["rows_read"] else 0
        table.add_row(
            fate.removeprefix("rows_").replace("_", " "), f"{totals[fate]:,}", f"{share:.2f} %"
        )
    console.print(table)
    if totals["rows_quarantined"]:
        why = "select reason, count(*) as events from quarantined_events group by all"
        console.print(f'Why: .venv/bin/shopstream query "{why}"')


def print_coverage(warehouse: Path) -> None:
    """Print what the data covers, its stray dates, and the part of events without a session id."""
    published = read_published(warehouse)
    (covered,) = _rows(warehouse, "shopstream_quality.data_coverage", published)
    if covered["dates_delivered"]:
        console.print(
            f"Data of {covered['first_delivered_date']} to {covered['last_delivered_date']}, "
            f"delivered dates: {covered['dates_delivered']:,}."
        )
    stray = sorted(
        {row["event_date"] for row in _rows(warehouse, "shopstream_quality.stray_dates", published)}
    )
    if stray:
        console.print(
            f"[bold]Stray dates[/bold], far from the rest: {named([str(day) for day in stray])}. "
            "Their events count, and move nothing else; stray_dates has their files."
        )
    if "shopstream_quality.daily_data_quality" not in published["tables"]:
        return
    days = _rows(warehouse, "shopstream_quality.daily_data_quality", published)
    events = sum(day["total_events"] for day in days)
    missing = sum(day["unknown_session_events"] for day in days)
    if missing:
        console.print(
            f"{100 * missing / events:.2f} % of the events came without a session id: "
            "their sessions are made by pauses."
        )


def _rows(warehouse: Path, name: str, published: dict) -> list[dict]:
    return rows_of(open_table(warehouse, name, published)).to_table().to_pylist()


def print_marts(warehouse: Path) -> None:
    """Print the rows of each published mart."""
    table = Table(title="Marts", title_justify="left")
    table.add_column("table")
    table.add_column("rows", justify="right")
    published = read_published(warehouse)
    for name in marts(published):
        rows = rows_of(open_table(warehouse, name, published)).count_rows()
        table.add_row(name, f"{rows:,}")
    console.print(table)


def print_failures(settings: Settings) -> None:
    """Say which models and tests failed, by how many rows, and where to look."""
    console.print(
        "\n[bold]Not published[/bold]: not all models and tests passed, or tests were left out."
    )
    failed = failures(settings.target)
    for name, _, message in failed:
        console.print(f"  {name}: {message}", markup=False)
    if any(name == "some_landed_row_is_accepted" for name, _, _ in failed):
        console.print(
            "None of the delivered rows was accepted. Where row_ledger has them out of the window, "
            "set window_start and window_end in dbt_project.yml (null for no bound), then run "
            ".venv/bin/shopstream backfill."
        )
    try:
        since = read_published(settings.warehouse)["published_at"]
        console.print(f"Readers stay on the build of {since}.")
    except NothingPublished:
        console.print("Nothing has been published in this warehouse yet.")
    console.print(f"Full logs: {settings.logs}.")
