"""The figures of a view: of all the store, of one segment, or of a category and brand.

Each is exact for what is chosen: what a mart does not tell apart is not filtered, and the names
of the figures say so.
"""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from dashboard import data
from dashboard.blocks import View
from dashboard.data import Build
from dashboard.periods import Period


@dataclass(frozen=True)
class Figure:
    """A figure on a card: its column, the metric that defines it, and its unit: money, percent or
    none. `explained` is for what is no metric of the marts."""

    name: str
    column: str
    metric: str
    unit: str = ""
    explained: str = ""

    @property
    def of_money(self) -> bool:
        """Whether it is an amount, or a share of one."""
        return self.unit == "money" or self.column == "share"


OF_STORE = (
    Figure("Revenue", "revenue", "revenue", "money"),
    Figure("Orders", "orders", "orders"),
    Figure("Conversion", "conversion", "conversion_sessions_any_order", "percent"),
    Figure("Average order value", "avg_order_value", "avg_order_value", "money"),
    Figure("Visitors", "users", "users"),
    Figure("Revenue per customer", "revenue_per_buyer", "revenue_per_buyer", "money"),
)
OF_PRODUCTS = (
    Figure("Revenue", "revenue", "revenue", "money"),
    Figure("Share of revenue", "share", "", "percent", "Of the revenue of all products."),
    Figure("Purchases", "total_purchases", "purchases"),
    Figure("Views", "total_views", "views"),
    Figure("Purchases / views", "view_conversion", "conversion_events", "percent"),
    Figure("Average price paid", "avg_purchase_price", "avg_purchase_price", "money"),
)


def of_products(view: View) -> bool:
    """Whether a category or a brand is chosen."""
    return bool(view.chosen("category") or view.chosen("brand"))


def shown(view: View) -> tuple[Figure, ...]:
    """The figures that are known of what is chosen."""
    return OF_PRODUCTS if of_products(view) else OF_STORE


def ignored(view: View) -> str:
    """What to add to a title where a segment is chosen beside a category or brand."""
    return view.beyond("segment") if of_products(view) else ""


def applied(view: View) -> tuple[str, ...]:
    """The filters that these figures follow."""
    return ("category", "brand") if of_products(view) else ("segment",)


def narrowed(view: View) -> bool:
    """Whether they are of a part of the store."""
    return any(map(view.chosen, ("category", "brand", "segment")))


def mart(view: View) -> str:
    """Where the figures of each day come from."""
    if of_products(view):
        return "daily_categories_brands"
    return "daily_sessions" if view.chosen("segment") else "period_activity"


def days(build: Build, view: View, first: date, last: date) -> pd.DataFrame:
    """What adds up of what is chosen, for each date of these, with its rates."""
    if of_products(view):
        category, brand = view.chosen("category"), view.chosen("brand")
        rows = data.ranges.days_of_products(build, first, last, category, brand)
    elif segment := view.chosen("segment"):
        rows = data.ranges.days_of_segment(build, first, last, segment)
    else:
        rows = data.ranges.days(build, first, last)
    return with_rates(rows)


def figures(build: Build, view: View, period: Period) -> pd.Series:
    """The figures of a period: the sums of its days, visitors counted once, and their rates."""
    dates = period.first, period.last
    sums = days(build, view, *dates).drop(
        columns=["event_date", "users", "buyers"], errors="ignore"
    )
    whole = sums.sum().to_frame().T
    if not of_products(view):
        who = data.ranges.people(build, *dates, period.stored, view.chosen("segment"))
        whole = whole.assign(users=who["users"], buyers=who["buyers"])
    return with_rates(whole).iloc[0]


def with_rates(rows: pd.DataFrame) -> pd.DataFrame:
    """The same rows with those ratios whose parts they have; unknown over nothing."""
    ratios = {
        "conversion": ("orders", "sessions", 100),
        "avg_order_value": ("order_revenue", "orders", 1),
        "revenue_per_buyer": ("buyer_revenue", "buyers", 1),
        "share": ("revenue", "all_revenue", 100),
        "view_conversion": ("total_purchases", "total_views", 100),
        "avg_purchase_price": ("revenue", "total_units", 1),
    }
    made = {
        name: scale * rows[part] / rows[whole].where(rows[whole] != 0)
        for name, (part, whole, scale) in ratios.items()
        if {part, whole} <= set(rows)
    }
    return rows.assign(**made)


def series(build: Build, view: View, grain: str, first: date, last: date) -> pd.DataFrame:
    """Revenue of each hour, day, week or month of these dates, with its start and end."""
    if grain == "hour":
        rows = data.activity.hours(build, first, last, "UTC")
        at = pd.Timestamp(first) + pd.to_timedelta(rows["event_hour"], unit="h")
        return rows.assign(period_start=at, period_end=at)
    if not narrowed(view):
        return data.activity.series(build, grain, first, last)
    rows = days(build, view, first, last)
    code = {"day": "D", "week": "W", "month": "M"}[grain]
    starts = rows["event_date"].dt.to_period(code).dt.start_time
    return (
        rows.groupby(starts.rename("period_start"))
        .agg(period_end=("event_date", "max"), revenue=("revenue", "sum"))
        .reset_index()
    )
