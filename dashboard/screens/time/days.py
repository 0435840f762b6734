"""Which days were unusual? Days with their moving average; the hours are in hours_expected.py."""

from datetime import timedelta

import pandas as pd

from dashboard import charts, data
from dashboard.blocks import Chart, Part
from dashboard.screens.time.hours_expected import hourly_band
from dashboard.screens.time.measures import COLUMNS, axis, colour, unit
from dashboard.words import counted


def unusual_dates(build, view) -> pd.DataFrame:
    """Dates with unusual hours, in words; empty where the build has no baseline."""
    try:
        rows = data.activity.anomalies(build, *view.dates, view.choices["watched"])
    except data.MissingMart:
        return pd.DataFrame(columns=["at", "words"])
    found = rows[rows["is_anomaly"].astype(bool)].groupby("event_date").size()
    words = [f"{counted(n, 'unusual hour')} of {view.choices['watched']}s" for n in found]
    return pd.DataFrame({"at": found.index, "words": words})


def daily(build, view):
    measure, watched = view.choices["measure"], view.choices["watched"]
    column = COLUMNS[measure]
    first, last = view.dates
    rows = data.activity.series(build, "day", first - timedelta(days=6), last)
    rows["mean_of_7_days"] = rows[column].rolling(7).mean()
    rows = rows[rows["period_start"] >= pd.Timestamp(first)]
    marked = unusual_dates(build, view)
    rows["unusual"] = rows["period_start"].map(
        marked.set_index(pd.to_datetime(marked["at"]))["words"]
    )
    figure = charts.by_period(
        rows,
        "period_start",
        column,
        words=axis(view),
        colour=colour(view),
        average="mean_of_7_days",
        unit=unit(view),
        marked=marked,
    )
    found = "Marked: dates" if len(marked) else "No date"
    caption = f"{view.within()} UTC dates. {found} with unusual hours of {watched}s."
    caption += " From period_activity, hourly_anomalies."
    yield Chart(f"{measure.capitalize()} by day", figure, rows, caption, metric=measure)


PART = Part(
    "Days",
    "Which days were unusual?",
    ((daily,), (hourly_band,)),
    ("period", "measure", "watched"),
)
