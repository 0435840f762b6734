"""Who comes back? Retention by cohort."""

import pandas as pd

from dashboard import charts
from dashboard.blocks import Chart, Part
from dashboard.screens.users.cohort import cohorts, one_cohort
from dashboard.screens.users.moves import latest_moves, moves

# More rows than this don't fit on a screen.
LATEST_COHORTS = 20


def retention(build, view):
    activity, grain, rows = cohorts(build, view)
    latest = rows["cohort_start"].drop_duplicates().nlargest(LATEST_COHORTS)
    shown = rows[rows["cohort_start"].isin(latest) & (rows["period_number"] > 0)].copy()
    shown["cohort"] = shown["cohort_start"].map(lambda start: f"{start:%-d %b %Y}")
    shown["cohort"] += " · " + shown["cohort_users"].map("{:,}".format)
    shown = shown.dropna(subset=["retention"])
    known = shown["cohort_start"].nunique()
    who = "buyers" if activity == "purchases" else "visitors"
    shown = pd.concat([average(shown), shown])
    figure = charts.heat(
        shown,
        "period_number",
        "cohort",
        "retention",
        words="%",
        axes=(f"{grain}s later", f"first {grain} · {who}"),
        percent=True,
    )
    caption = (
        f"{who.capitalize()} by first {grain}: the share active exactly so many {grain}s later, "
        f"where the data reaches that far. The latest {known} {grain}s and their average. "
        "From retention_cohorts."
    )
    metric = f"retention_{grain}_1_{activity.removesuffix('s')}"
    title = f"Who comes back ({activity}, % of the cohort)"
    yield Chart(title, figure, rows, caption, metric=metric)


def average(rows: pd.DataFrame) -> pd.DataFrame:
    """The retention of all cohorts together, each weighing as many as it has."""
    sums = rows.groupby("period_number", as_index=False)[["active_users", "cohort_users"]].sum()
    return sums.assign(
        cohort="average", retention=100 * sums["active_users"] / sums["cohort_users"]
    )


PART = Part(
    "Loyalty",
    "Who comes back?",
    ((retention,), (one_cohort,), (moves, latest_moves)),
    ("retention", "cohort"),
)
