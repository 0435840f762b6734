"""How is the store doing? Cards, what stands out, revenue, and the funnel by definition."""

import pandas as pd

from dashboard import charts, data, insights
from dashboard.blocks import Chart, Findings, Part
from dashboard.periods import grain_of, pale, wholly
from dashboard.screens.overview.cards import cards
from dashboard.screens.overview.funnels import conversions, funnel
from dashboard.words import with_sign


def findings(build, view):
    found = insights.all_insights(build, view)
    otherwise = "Too few orders in these dates to say anything with confidence."
    yield Findings("What stands out", tuple(each.shown() for each in found[:5]), otherwise)


def revenue(build, view):
    grain = grain_of(view.period, view.choices["grain"])
    rows = series(build, grain, *view.dates)
    whole = wholly(grain, rows, *view.dates)
    earlier = before(build, view)
    if earlier is not None:
        for column in ("period_start", "revenue"):
            rows[f"{column}_before"] = earlier[column].reset_index(drop=True)
    figure = charts.by_period(
        rows,
        "period_start",
        "revenue",
        words=with_sign("revenue", view.sign),
        whole=whole,
        before=earlier,
    )
    mart = "hourly_activity" if grain == "hour" else "period_activity"
    explained = pale(grain, whole, "the dates, or of the data")
    caption = f"{view.within()} By UTC date of the event.{explained} From {mart}."
    yield Chart(f"Revenue by {grain}", figure, rows, caption, metric="revenue")


def series(build, grain, first, last):
    """Figures by hour (UTC) of one day, or by day, week or month."""
    if grain != "hour":
        return data.activity.series(build, grain, first, last)
    rows = data.activity.hours(build, first, last, "UTC")
    at = pd.Timestamp(first) + pd.to_timedelta(rows["event_hour"], unit="h")
    return rows.assign(period_start=at, period_end=at)


def before(build, view):
    """The revenue of the period before; unknown where a week or month is not wholly in it."""
    if not view.before:
        return None
    grain = grain_of(view.period, view.choices["grain"])
    dates = view.before.first, view.before.last
    rows = series(build, grain, *dates)
    return rows.assign(revenue=rows["revenue"].where(wholly(grain, rows, *dates)))


PART = Part(
    "Now",
    "How is the store doing?",
    ((cards,), (findings,), (revenue,), (funnel, conversions)),
    ("period", "compare", "grain", "funnel"),
)
