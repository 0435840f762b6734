"""What does a build cost? Seconds and rows of its tables, its growth, Delta's history."""

from dashboard import charts, data
from dashboard.blocks import WHOLE, Chart, Part, Table

HISTORY_OF = "fct_events"


def models(build, view):
    rows = data.performance.models_of_last_build(build)
    rows["name"] = rows["table_name"].str.split(".").str[-1]
    figure = charts.bars(rows, "name", "seconds", most=10)
    caption = "Seconds each; models run side by side. Last build. From model_runs."
    yield Chart("Slowest models of the last build (seconds)", figure, rows, caption)


def sizes(build, view):
    rows = data.performance.models_of_last_build(build)
    rows = rows.sort_values("megabytes", ascending=False)
    columns = ("table_name", "total_rows", "megabytes", "megabytes_added", "total_files")
    yield Table("Rows and size of each table", rows, "Last build. From model_runs.", columns)


def growth(build, view):
    rows = data.performance.build_costs(build)
    figure = charts.columns(rows.tail(30), "build_id", "seconds", words="seconds", axis="build")
    caption = "Seconds from start to publishing, the latest 30 builds. From builds."
    yield Chart("What each build cost", figure, rows, caption)


def history(build, view):
    rows = data.performance.table_history(build, HISTORY_OF)
    caption = f"Versions of one table, not builds. Delta history of {HISTORY_OF}."
    columns = ("version", "at", "operation", "rows_written")
    yield Table("Versions of the events", rows, caption, columns)


PART = Part(
    "Builds", "What does a build cost?", ((models, sizes), (growth, history)), foreign=tuple(WHOLE)
)
