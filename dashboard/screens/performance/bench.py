"""How fast is it against what people would pick instead? The bench, and its targets."""

from dashboard import charts, data
from dashboard.blocks import WHOLE, Chart, Part, Table
from dashboard.words import number

COLUMNS = (
    "what",
    "median_shown",
    "target_shown",
    "verdict",
    "least_shown",
    "greatest_shown",
    "runs",
    "events",
    "commit",
)


def measured(build, view):
    rows = data.performance.bench_seconds(build)
    figure = charts.bars(rows, "contender", "seconds", extra="runs_shown")
    events = number(rows["events"].max()) if len(rows) else "no"
    commit = ", ".join(rows["commit"].unique()) or "none"
    caption = f"Median of its runs, {events} events a month, commit {commit}. From bench_runs."
    yield Chart("Seconds of each contender", figure, rows, caption)

    rows = data.performance.bench_ratios(build)
    for name in ("median", "least", "greatest"):
        rows[f"{name}_shown"] = [f"{value:.3g}" for value in rows[name]]
    rows["target_shown"] = rows["target"].map("{:.3g}".format, na_action="ignore").fillna("none")
    caption = "Where a target is for one number of events, as measured there. From bench_ratios."
    yield Table("Against the targets", rows, caption, COLUMNS)


PART = Part("Benchmark", "How fast is it against others?", ((measured,),), foreign=tuple(WHOLE))
