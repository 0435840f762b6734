"""Who comes back? Retention by cohort."""

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
    shown["cohort"] = shown["cohort_start"].map(lambda start: f"{start:%-d %b %y}")
    shown["cohort"] += " · " + shown["cohort_users"].map("{:,}".format)
    known = shown.dropna(subset=["retention"])["cohort_start"].nunique()
    who = "buyers" if activity == "purchases" else "users"
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
        f"{who.capitalize()} by first {grain}: the share active exactly so many {grain}s later; "
        f"blank where the data ends too early to know. The latest {known} such {grain}s. "
        "From retention_cohorts."
    )
    metric = f"retention_{grain}_1_{activity.removesuffix('s')}"
    title = f"Who comes back ({activity}, % of the cohort)"
    yield Chart(title, figure, rows, caption, metric=metric)


PART = Part(
    "Loyalty",
    "Who comes back?",
    ((retention,), (one_cohort,), (moves, latest_moves)),
    ("retention", "cohort"),
)
