"""Who comes back? Retention by cohort, and moves between segments."""

from dashboard import charts, data
from dashboard.blocks import Chart, Part, Table
from dashboard.words import day

# More rows than this don't fit on a screen.
LATEST_COHORTS = 20


def retention(build, view):
    words = view.choices["retention"]
    activity, grain = words.split(" by ")
    rows = data.users.cohorts(build, activity.removesuffix("s"), grain)
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


def moves(build, view):
    rows = data.users.segment_moves(build)
    risen = rows[rows["from_segment"] != "New"]
    # Some reach a segment from several others.
    shown = risen.pivot_table(
        index="week_start", columns="to_segment", values="users", aggfunc="sum"
    ).reset_index()
    names = [name for name in data.users.segment_names(build) if name in shown]
    words = {name: f"became {name}" for name in names}
    until = day(data.activity.whole(build)[1])
    caption = f"Users known before, by week (from its Monday; the data ends on {until}) and the "
    caption += "segment they came to. From segment_changes."
    figure = charts.lines(shown, "week_start", words, "users a week")
    yield Chart("Who moves up a segment", figure, rows, caption)


def latest_moves(build, view):
    rows = data.users.segment_moves(build)
    rows["week"] = rows["week_start"].dt.strftime("%-d %b %Y")
    rows = rows.sort_values("week_start", ascending=False, kind="stable")
    columns = ("week", "from_segment", "to_segment", "users")
    yield Table("All moves between segments", rows, "All dates. From segment_changes.", columns)


PART = Part(
    "Loyalty",
    "Who comes back?",
    ((retention,), (moves, latest_moves)),
    ("retention",),
)
