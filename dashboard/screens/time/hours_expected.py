"""Hours with their expected range, around the most unusual one."""

import pandas as pd

from dashboard import charts, data
from dashboard.blocks import Chart
from dashboard.words import counted

# Hours of two weeks fit on a screen.
SHOWN_DAYS = 14


def hourly_band(build, view):
    watched = view.choices["watched"]
    rows = data.activity.anomalies(build, *view.dates, watched)
    odd = rows[rows["is_anomaly"].astype(bool)]
    title = f"{counted(len(odd), 'unusual hour') if len(odd) else 'No unusual hour'} of {watched}s"
    thin = rows["reason"].notna().mean() if len(rows) else 0
    caption = f"Hours in UTC: {SHOWN_DAYS} days around the most unusual, or the last {SHOWN_DAYS}."
    caption += f" {100 * thin:.0f} % of hours have too little data to be judged." if thin else ""
    figure = charts.band(around(rows, odd), f"{watched}s", charts.EVENT_COLOURS[watched])
    caption += " From hourly_anomalies."
    yield Chart(title, figure, rows, caption, metric="anomalous_hours")


def around(rows: pd.DataFrame, odd: pd.DataFrame) -> pd.DataFrame:
    """The hours of some days around the most unusual one, or the last ones."""
    first, last = rows["starts_at"].min(), rows["starts_at"].max()
    middle = odd.loc[odd["score"].abs().idxmax(), "starts_at"] if len(odd) else last
    width = pd.Timedelta(days=SHOWN_DAYS)
    start = max(min(middle - width / 2, last - width), first)
    return rows[rows["starts_at"].between(start, start + width)]
