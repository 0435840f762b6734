"""When do people buy? By hour, weekday and hour of the week; months are in months.py."""

from dashboard import charts, data
from dashboard.blocks import Chart, Part
from dashboard.screens.time.measures import COLUMNS, axis, drawn, unit
from dashboard.screens.time.months import by_month


def hours(build, view, those="delivered"):
    """What adds up by weekday and hour, with the name of the weekday."""
    rows = data.activity.hours(build, *view.dates, view.hour_zone, those)
    rows["weekday"] = rows["day_of_week"].map(lambda number: charts.WEEKDAYS[number - 1][:3])
    return rows


def by_hour(build, view):
    measure, weekday = view.choices["measure"], view.chosen("weekday")
    rows = hours(build, view)
    if weekday:
        # A heatmap takes no clicks: this shows one of its rows.
        rows = rows[rows["day_of_week"] == charts.WEEKDAYS.index(weekday.removesuffix("s")) + 1]
    rows = rows.groupby("event_hour", as_index=False)[list(COLUMNS.values())].sum()
    hour = f"hour of the day ({view.hour_zone})"
    figure = charts.columns(
        rows, "event_hour", COLUMNS[measure], words=axis(view), axis=hour, **drawn(view)
    )
    caption = f"{view.within('weekday')}{view.of_zone()} From hourly_activity."
    title = f"{measure.capitalize()} by hour{f', {weekday}' if weekday else ''}"
    yield Chart(title, figure, rows, caption, metric=measure)


def by_weekday(build, view):
    measure = view.choices["measure"]
    found = hours(build, view, "of whole dates")
    found["mean"] = found[COLUMNS[measure]] / found["hours"]
    # Of the others, no day was seen whole.
    found = found[found.groupby("day_of_week")["event_hour"].transform("nunique") == 24]
    days = found.groupby(["day_of_week", "weekday"], as_index=False)
    rows = days[["hours", *COLUMNS.values(), "mean"]].sum()
    figure = charts.columns(rows, "weekday", "mean", words=axis(view, " a day"), **drawn(view))
    caption = f"{view.within()}{view.of_zone()} Average per whole day; weekdays without all 24 "
    caption += "hours are left out. From hourly_activity."
    title = f"{measure.capitalize()} a day, by weekday{view.beyond('weekday')}"
    yield Chart(title, figure, rows, caption, metric=measure)


def week(build, view):
    measure = view.choices["measure"]
    rows = hours(build, view, "judged")
    rows["mean"] = rows[COLUMNS[measure]] / rows["hours"]
    axes = (f"hour ({view.hour_zone})", "weekday")
    written = {"words": f"{measure} an hour", "unit": unit(view)}
    figure = charts.heat(rows, "event_hour", "weekday", "mean", axes=axes, **written)
    title = f"{measure.capitalize()} an hour, by hour of the week{view.beyond('weekday')}"
    caption = f"{view.within()}{view.of_zone()} Average per hour that the data covers whole; "
    caption += "“Hours of” shows one row in the chart above. From hourly_activity."
    yield Chart(title, figure, rows, caption, metric=measure)


PART = Part(
    "Hours",
    "When do people buy?",
    ((by_hour, by_weekday), (week, by_month)),
    ("period", "measure", "weekday"),
)
