"""Performance: what a build costs, and what was measured to make it faster."""

from dashboard import charts, data
from dashboard.components import Chart, Empty, Page, Table
from shopstream.config import Settings

HISTORY_OF = "fct_events"


def optimizations(build, view):
    rows = data.optimizations(build)
    columns = {
        "optimization": ("optimization", "text"),
        "condition": ("when", "text"),
        "seconds_off": ("seconds without", "decimal"),
        "seconds_on": ("seconds with", "decimal"),
        "speed_up": ("speed-up", "decimal"),
        "speed_up_low": ("from", "decimal"),
        "speed_up_high": ("to", "decimal"),
        "shuffle_bytes_off": ("shuffle bytes without", "number"),
        "shuffle_bytes_on": ("with", "number"),
        "scan_bytes_off": ("bytes read without", "number"),
        "scan_bytes_on": ("with ", "number"),
        "verdict": ("verdict", "text"),
    }
    caption = "Medians; the speed-up with its spread. From optimizations."
    yield Table("What each optimization gained", rows, caption, columns)


def models(build, view):
    rows = data.last_run(Settings.from_environment().target)
    rows = rows[rows["kind"].isin(["model", "seed"])].sort_values("seconds", ascending=False)
    if rows.empty:
        yield Empty("No run of dbt is at hand", f"Seconds by model come with: {data.HOW_TO_BUILD}")
        return
    rows["name"] = rows["name"].str.removeprefix("shopstream.")
    figure = charts.bars(rows, "name", "seconds", most=10)
    ended = rows["ended_at"].iloc[0]
    caption = f"Seconds each; models run side by side. dbt's last run, {ended} UTC."
    yield Chart("Slowest models of the last run", figure, rows, caption)


def sizes(build, view):
    rows = data.mart_sizes(build)
    columns = {
        "mart": ("mart", "text"),
        "rows": ("rows", "number"),
        "megabytes": ("MB", "decimal"),
        "files": ("files", "number"),
        "version": ("version", "number"),
    }
    yield Table("Rows and size of each mart", rows, "Of the published versions.", columns)


def growth(build, view):
    rows = data.table_history(build, HISTORY_OF)
    written = rows.dropna(subset=["rows"]).sort_values("version")
    figure = charts.columns(
        written.assign(name="v" + written["version"].astype(str)),
        "name",
        "rows",
        words="rows written",
    )
    caption = f"A daily load writes only the dates it touches. Delta history of {HISTORY_OF}."
    yield Chart("Rows that each load wrote", figure, rows, caption)


def history(build, view):
    rows = data.table_history(build, HISTORY_OF)
    columns = {
        "version": ("version", "number"),
        "at": ("at (UTC)", "time"),
        "operation": ("operation", "text"),
        "rows": ("rows written", "number"),
        "megabytes": ("MB", "decimal"),
    }
    rows["megabytes"] = rows["bytes"] / 1e6
    caption = (
        "Any listed build can be shown to readers again: shopstream rollback BUILD. "
        f"Delta history of {HISTORY_OF}."
    )
    yield Table("Versions of the events", rows, caption, columns)


PAGE = Page(
    "Performance",
    "performance",
    "What does a build cost?",
    ((optimizations,), (models, sizes), (growth, history)),
)
