"""The eight cards: figures of the chosen dates, each against the period before."""

import pandas as pd

from dashboard import data
from dashboard.blocks import Card, Cards
from dashboard.periods import is_complete, lengths
from dashboard.words import day, number

FIGURES = [
    # name, figure, metric, is money
    ("Revenue", "revenue", "revenue", True),
    ("Purchases", "total_purchases", "purchases", False),
    ("Sessions", "sessions", "sessions", False),
    ("Users", "users", "users", False),
    ("Customer value", "revenue_per_buyer", "revenue_per_buyer", True),
    ("Views", "total_views", "views", False),
    ("Events", "total_events", "events", False),
    ("Products", "products", "products", False),
]
NOT_HERE = "Users and customer value can't be added up over days: choose a day, week, month or all."


def figures(build, period) -> dict:
    """All figures of a period; only those that add up over days where it is not a stored one."""
    held = data.activity.activity(build, *period.stored) if period.stored else None
    if held is None:
        held = data.activity.added_up(build, period.first, period.last)
    products = data.activity.distinct_products(build, period.first, period.last)
    return {**held, "products": products}


def cards(build, view):
    """The cards and what they are compared with."""
    now, then = figures(build, view.period), view.before and figures(build, view.before)
    trails = data.activity.series(build, "day", *view.dates)
    products = data.activity.products_by_day(build, *view.dates).set_index("event_date")
    trails["products"] = trails["period_start"].map(products["products"]).fillna(0)
    days = trails["period_start"].map(day)
    words = data.activity.definitions(build)
    made = []
    for name, figure, metric, is_money in FIGURES:
        value, old = now.get(figure), (then or {}).get(figure)
        trail = () if value is None else tuple(trails[figure].astype(float))
        sign = view.sign if is_money else ""
        said = tuple(f"{at}: {number(each, sign)}" for at, each in zip(days, trail, strict=False))
        told = words.get(metric, "")
        made.append(Card(name, number(value, sign), told, changed(value, old), trail, said))
    yield Cards(tuple(made), " ".join(filter(None, [against(view), not_here(view)])))


def changed(value, old) -> float | None:
    """The change in percent; None where either is unknown, or there was nothing before."""
    return None if pd.isna(value) or pd.isna(old) or not old else 100 * float(value / old - 1)


def against(view) -> str:
    """What the changes are against, or why there are none."""
    period = view.period
    if view.before:
        return f"Changes are against {view.before.words}{lengths(period, view.before)}."
    if not is_complete(period):
        return f"{period.words} is not complete in the data, so it is not compared."
    return "" if period.before else "The data holds no whole period before to compare with."


def not_here(view) -> str:
    """Which figures are left out, and why."""
    return "" if view.period.stored else NOT_HERE
