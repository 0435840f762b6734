"""When are people here? Each person or session counted once in each hour, weekday and period."""

import pandas as pd

from dashboard import charts, data
from dashboard.blocks import Chart, Part
from dashboard.periods import pale, wholly

COLUMNS = {"active users": "users", "sessions": "sessions"}


def once(view) -> str:
    """What a bar counts, and why bars don't add up."""
    who = "People" if view.choices["count"] == "active users" else "Sessions"
    return f"{who} with an event in it; one counts once in each bar, so bars don't add up."


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
    rows = data.activity.cycles(build, "weekday")
    came = pd.Series(pd.date_range(*data.activity.whole(build)).dayofweek + 1).value_counts()
    rows["days_in_data"] = rows["position"].map(came)
    rows["weekday"] = [
        f"{days} × {charts.WEEKDAYS[position - 1][:3]}"
        for days, position in zip(rows["days_in_data"], rows["position"], strict=True)
    ]
    figure = charts.columns(rows, "weekday", COLUMNS[count], words=count)
    caption = f"All dates, UTC. {once(view)} A day that came more often has more."
    caption += " From activity_cycles."
    title = f"{count.capitalize()} by weekday"
    yield Chart(title, figure, rows, caption, metric=COLUMNS[count])


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
    "When are people here?",
    ((by_hour, by_weekday), (by_period,)),
    ("count", "grain"),
)
