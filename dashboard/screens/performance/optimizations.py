"""What made it faster? Each optimization off and on, as measured."""

from dashboard import charts, data
from dashboard.blocks import WHOLE, Chart, Part, Table
from dashboard.words import number

COLUMNS = (
    "experiment",
    "variant",
    "conditions",
    "verdict",
    "seconds_off",
    "seconds_on",
    "speed_up",
    "least",
    "greatest",
    "shuffle_off",
    "shuffle_on",
    "read_off",
    "read_on",
)


def measured(build, view):
    rows = data.performance.optimizations(build)
    rows["details"] = rows["variant"] + ", " + rows["conditions"]
    helped = rows[rows["verdict"] == "helps"]
    best = helped.sort_values("speed_up", ascending=False).head(8)
    seconds = {"seconds_off": "without", "seconds_on": "with"}
    figure = charts.side_by_side(
        best,
        "experiment",
        seconds,
        write=lambda spent: f"{number(spent)} s",
        details="details",
        unit="",
    )
    events = number(rows["events"].max()) if len(rows) else "no"
    commits = ", ".join(sorted(rows["commit"].unique())) or "none"
    caption = (
        f"Median seconds on {events} events, the best eight that helped, each as last measured; "
    )
    caption += f"commit {commits}. From optimizations."
    yield Chart("Before and after (seconds)", figure, rows, caption)
    caption = "Medians; the speed-up with its spread over the runs. From optimizations."
    yield Table("What each optimization gained", rows, caption, COLUMNS)


def figures(build, view):
    try:
        rows = data.performance.technical_figures(build)
    except data.MissingMart:
        return  # What to run is said above.
    rows["value"] = list(map(number, rows["value"], rows["unit"]))
    shown = ("figure", "value", "evidence", "commit")
    yield Table("What follows from them", rows, "From technical_kpis.", shown)


PART = Part(
    "Optimizations", "What made it faster?", ((measured,), (figures,)), foreign=tuple(WHOLE)
)
