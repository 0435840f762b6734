"""Performance: what a build costs, and what was measured to make it faster."""

from dashboard import charts, data
from dashboard.components import Chart, Page, Table

HISTORY_OF = "fct_events"


def optimizations(build, view):
    rows = data.optimizations(build)
    columns = {
        "experiment": ("optimization", "text"),
        "variant": ("how", "text"),
        "conditions": ("when", "text"),
        "verdict": ("verdict", "text"),
        "seconds_off": ("seconds without", "decimal"),
        "seconds_on": ("seconds with", "decimal"),
        "speed_up": ("speed-up", "decimal"),
        "least": ("from", "decimal"),
        "greatest": ("to", "decimal"),
        "shuffle_off": ("MB shuffled without", "decimal"),
        "shuffle_on": ("MB shuffled with", "decimal"),
        "read_off": ("MB read without", "decimal"),
        "read_on": ("MB read with", "decimal"),
    }
    events = charts.number(rows["events"].max()) if len(rows) else "no"
    caption = f"Medians on {events} events; the speed-up with its spread. From optimizations."
    yield Table("What each optimization gained", rows, caption, columns)


def models(build, view):
    rows = data.models_of_last_build(build)
    rows["name"] = rows["table_name"].str.split(".").str[-1]
    figure = charts.bars(rows, "name", "seconds", most=10)
    caption = "Seconds each; models run side by side. Last build. From model_runs."
    yield Chart("Slowest models of the last build (seconds)", figure, rows, caption)


def sizes(build, view):
    rows = data.models_of_last_build(build).sort_values("megabytes", ascending=False)
    columns = {
        "table_name": ("table", "text"),
        "total_rows": ("rows", "number"),
        "megabytes": ("MB", "decimal"),
        "megabytes_added": ("MB written", "decimal"),
        "total_files": ("files", "number"),
    }
    yield Table("Rows and size of each table", rows, "Last build. From model_runs.", columns)


def growth(build, view):
    rows = data.build_costs(build)
    figure = charts.columns(rows.tail(30), "build_id", "seconds", words="seconds", axis="build")
    caption = "Seconds from start to publishing, the latest 30 builds. From builds."
    yield Chart("What each build cost", figure, rows, caption)


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
