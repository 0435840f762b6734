"""Time: when people buy, and what was unusual."""

import pandas as pd

from dashboard import charts, data
from dashboard.components import Chart, Page

COLUMNS = {
    "revenue": "revenue",
    "purchases": "total_purchases",
    "views": "total_views",
    "events": "total_events",
}
# Hours of two weeks fit on a screen.
SHOWN_DAYS = 14


def unusual_dates(build, view):
    """Dates with unusual hours, in words; empty where the build has no baseline."""
    try:
        rows = data.anomalies(build, view.period.first, view.period.last, view.choices["watched"])
    except data.MissingMart:
        return pd.DataFrame(columns=["at", "words"])
    odd = rows[rows["is_anomaly"].astype(bool)]
    counted = odd.groupby("event_date").size()
    words = [f"{hours} unusual hours of {view.choices['watched']}s" for hours in counted]
    return pd.DataFrame({"at": counted.index, "words": words})


def daily(build, view):
    measure = view.choices["measure"]
    rows = data.series(build, "day", view.period.first, view.period.last)
    column = COLUMNS[measure]
    rows["mean_of_7_days"] = rows[column].rolling(7).mean()
    marked = unusual_dates(build, view)
    figure = charts.by_period(
        rows, "period_start", column, words=measure, average="mean_of_7_days", marked=marked
    )
    caption = (
        f"{view.period.words}, UTC dates. Marked: dates with unusual hours of "
        f"{view.choices['watched']}s. From period_activity, hourly_anomalies."
    )
    yield Chart(f"{measure.capitalize()} by day", figure, rows, caption)


def hourly_band(build, view):
    watched = view.choices["watched"]
    rows = data.anomalies(build, view.period.first, view.period.last, watched)
    odd = rows[rows["is_anomaly"].astype(bool)]
    around = (
        odd.loc[odd["score"].abs().idxmax(), "starts_at"] if len(odd) else rows["starts_at"].max()
    )
    half = pd.Timedelta(days=SHOWN_DAYS / 2)
    first, last = rows["starts_at"].min(), rows["starts_at"].max()
    start = max(min(around - half, last - 2 * half), first)
    shown = rows[rows["starts_at"].between(start, start + 2 * half)]
    title = (
        f"{len(odd)} unusual hours of {watched}s" if len(odd) else f"No unusual hour of {watched}s"
    )
    thin = rows["reason"].notna().mean() if len(rows) else 0
    caption = (
        f"Hours in UTC, up to {SHOWN_DAYS} days around the most unusual. From hourly_anomalies."
    )
    caption += f" Too little data to judge {100 * thin:.0f} % of the hours." if thin else ""
    yield Chart(title, charts.band(shown, f"{watched}s"), rows, caption)


def by_hour(build, view):
    zone, measure = view.display.zone, view.choices["measure"]
    rows = data.hours(build, view.period.first, view.period.last, zone)
    rows = rows.groupby("event_hour", as_index=False)[list(COLUMNS.values())].sum()
    figure = charts.columns(
        rows, "event_hour", COLUMNS[measure], words=measure, axis=f"hour of the day ({zone})"
    )
    yield Chart(
        f"{measure.capitalize()} by hour",
        figure,
        rows,
        f"{view.period.words}. From hourly_activity.",
    )


def by_weekday(build, view):
    measure = view.choices["measure"]
    rows = data.hours(build, view.period.first, view.period.last, view.display.zone)
    rows = rows.groupby("day_of_week", as_index=False)[["hours", *COLUMNS.values()]].sum()
    rows["mean"] = 24 * rows[COLUMNS[measure]] / rows["hours"]
    rows["weekday"] = rows["day_of_week"].map(lambda number: charts.WEEKDAYS[number - 1][:3])
    sign = view.display.sign if measure == "revenue" else ""
    figure = charts.columns(rows, "weekday", "mean", words=f"{measure} a day", unit=sign)
    caption = f"{view.period.words}. Mean of a day, so that days that came more often don't win."
    yield Chart(
        f"{measure.capitalize()} of a weekday", figure, rows, f"{caption} From hourly_activity."
    )


def by_month(build, view):
    measure = view.choices["measure"]
    rows = data.series(build, "month", view.period.first, view.period.last)
    rows["month"] = rows["period_start"].dt.strftime("%b %Y")
    sign = view.display.sign if measure == "revenue" else ""
    figure = charts.columns(rows, "month", COLUMNS[measure], words=measure, unit=sign)
    caption = "Months that touch the dates, whole where the data is. From period_activity."
    yield Chart(f"{measure.capitalize()} by month", figure, rows, caption)


def week(build, view):
    measure = view.choices["measure"]
    rows = data.hours(build, view.period.first, view.period.last, view.display.zone)
    rows["mean"] = rows[COLUMNS[measure]] / rows["hours"]
    rows["day"] = rows["day_of_week"].map(lambda number: charts.WEEKDAYS[number - 1][:3])
    axes = (f"hour ({view.display.zone})", "weekday")
    figure = charts.heat(rows, "event_hour", "day", "mean", words=f"{measure} an hour", axes=axes)
    caption = f"{view.period.words}. Mean of an hour. From hourly_activity."
    yield Chart(f"{measure.capitalize()} an hour, by hour of the week", figure, rows, caption)


PAGE = Page(
    "Time",
    "time",
    "When do people buy?",
    ((daily,), (hourly_band,), (by_hour, by_weekday), (week,), (by_month,)),
    ("period", "measure", "watched"),
)
