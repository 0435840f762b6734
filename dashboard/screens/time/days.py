"""Which days were unusual? Days with their moving average, hours with their expected range."""

from datetime import timedelta

import pandas as pd

from dashboard import charts, data
from dashboard.blocks import Chart, Part
from dashboard.screens.time.measures import COLUMNS, axis

# Hours of two weeks fit on a screen.
SHOWN_DAYS = 14


def unusual_dates(build, view) -> pd.DataFrame:
    """Dates with unusual hours, in words; empty where the build has no baseline."""
    try:
        rows = data.activity.anomalies(build, *view.dates, view.choices["watched"])
    except data.MissingMart:
        return pd.DataFrame(columns=["at", "words"])
    counted = rows[rows["is_anomaly"].astype(bool)].groupby("event_date").size()
    words = [f"{hours} unusual hours of {view.choices['watched']}s" for hours in counted]
    return pd.DataFrame({"at": counted.index, "words": words})


def daily(build, view):
    measure, watched = view.choices["measure"], view.choices["watched"]
    column = COLUMNS[measure]
    first, last = view.dates
    rows = data.activity.series(build, "day", first - timedelta(days=6), last)
    rows["mean_of_7_days"] = rows[column].rolling(7).mean()
    rows = rows[rows["period_start"] >= pd.Timestamp(first)]
    marked = unusual_dates(build, view)
    figure = charts.by_period(
        rows, "period_start", column, words=axis(view), average="mean_of_7_days", marked=marked
    )
    found = "Marked: dates" if len(marked) else "No date"
    caption = f"{view.within()} UTC dates. {found} with unusual hours of {watched}s."
    caption += " From period_activity, hourly_anomalies."
    yield Chart(f"{measure.capitalize()} by day", figure, rows, caption, metric=measure)


def hourly_band(build, view):
    watched = view.choices["watched"]
    rows = data.activity.anomalies(build, *view.dates, watched)
    odd = rows[rows["is_anomaly"].astype(bool)]
    title = f"{len(odd) or 'No'} unusual hour{'' if len(odd) < 2 else 's'} of {watched}s"
    thin = rows["reason"].notna().mean() if len(rows) else 0
    caption = f"Hours in UTC, {SHOWN_DAYS} days around the most unusual, or the last ones."
    caption += f" Too little data to judge {100 * thin:.0f} % of the hours." if thin else ""
    figure = charts.band(around(rows, odd), f"{watched}s")
    caption += " From hourly_anomalies."
    yield Chart(title, figure, rows, caption, metric="anomalous_hours")


def around(rows: pd.DataFrame, odd: pd.DataFrame) -> pd.DataFrame:
    """The hours of some days around the most unusual one, or the last ones."""
    first, last = rows["starts_at"].min(), rows["starts_at"].max()
    middle = odd.loc[odd["score"].abs().idxmax(), "starts_at"] if len(odd) else last
    width = pd.Timedelta(days=SHOWN_DAYS)
    start = max(min(middle - width / 2, last - width), first)
    return rows[rows["starts_at"].between(start, start + width)]


PART = Part(
    "Days",
    "Which days were unusual?",
    ((daily,), (hourly_band,)),
    ("period", "measure", "watched"),
)
