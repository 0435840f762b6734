"""Who of one cohort comes back?"""

from dashboard import charts, data
from dashboard.blocks import Chart, Empty
from dashboard.filters import cohort_of
from dashboard.words import day


def cohorts(build, view):
    """What people came back for, whether cohorts are days or weeks, and their rows."""
    activity, grain = cohort_of(view.choices["retention"])
    return f"{activity}s", grain, data.users.cohorts(build, activity, grain)


def one_cohort(build, view):
    """A row of the heatmap, which takes no clicks."""
    start = view.chosen("cohort")
    if not start:
        return
    activity, grain, rows = cohorts(build, view)
    rows = rows[rows["cohort_start"].map(day) == start]
    if rows.empty:
        yield Empty(f"No {grain} of first {activity} begins on {start}", "Choose another cohort.")
        return
    rows = rows[rows["period_number"] > 0]
    figure = charts.columns(
        rows.dropna(subset=["retention"]),
        "period_number",
        "retention",
        words="% of the cohort",
        unit="%",
        axis=f"{grain}s later",
    )
    caption = f"First {grain}: {start}. From retention_cohorts."
    yield Chart(f"Who of one cohort comes back ({activity}, %)", figure, rows, caption)
