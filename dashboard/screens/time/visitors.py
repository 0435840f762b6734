"""When do visitors come? Each visitor or session counted once in each hour, day and period."""

from dashboard import charts, data
from dashboard.blocks import Chart, Part
from dashboard.periods import pale, wholly

COLUMNS = {"visitors": "users", "sessions": "sessions"}


def once(view) -> str:
    """What a bar counts, and why bars don't add up."""
    who = "Visitors" if view.choices["count"] == "visitors" else "Sessions"
    return f"{who} with an event in that hour. Each counts once in a bar, so bars do not add up."


def by_hour(build, view):
    count = view.choices["count"]
    rows = data.activity.cycles(build, "hour")
    axis = "hour of the day (UTC)"
    figure = charts.columns(rows, "position", COLUMNS[count], words=count, axis=axis)
    caption = f"All dates. {once(view)} From activity_cycles."
    title = f"{count.capitalize()} by hour of the day"
    yield Chart(title, figure, rows, caption, metric=COLUMNS[count])


def by_weekday(build, view):
    count = view.choices["count"]
    days = data.activity.series(build, "day", *data.activity.whole(build))
    # Of others no day was seen whole.
    days = days[days["is_complete"].eq(True)]
    days["position"] = days["period_start"].dt.dayofweek
    rows = days.groupby("position", as_index=False).agg(
        days=("position", "size"), mean=(COLUMNS[count], "mean")
    )
    rows["weekday"] = rows["position"].map(lambda place: charts.WEEKDAYS[place][:3])
    figure = charts.columns(rows, "weekday", "mean", words=f"{count} a day")
    least, most = rows["days"].min(), rows["days"].max()
    caption = f"All dates, UTC. Average of {least} to {most} whole days each."
    title = f"{count.capitalize()} a day, by weekday"
    yield Chart(title, figure, rows, f"{caption} From period_activity.", metric=COLUMNS[count])


def by_period(build, view):
    count, grain = view.choices["count"], view.choices["grain"]
    first, last = data.activity.whole(build)
    rows = data.activity.series(build, grain, first, last)
    whole = wholly(grain, rows, first, last)
    figure = charts.by_period(rows, "period_start", COLUMNS[count], words=count, whole=whole)
    counted = "by date of start" if count == "sessions" else "each counted once in a bar"
    explained = pale(grain, whole, "the data")
    caption = f"All dates, UTC; {counted}.{explained} From period_activity."
    title = f"{count.capitalize()} by {grain}"
    yield Chart(title, figure, rows, caption, metric=COLUMNS[count])


PART = Part(
    "Visitors",
    "When do visitors come?",
    ((by_hour, by_weekday), (by_period,)),
    ("count", "grain"),
)
