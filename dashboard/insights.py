"""What stands out: rules over marts, each a sentence with its numbers, or none.

A rule says nothing where the data is too thin, and something else where the data says otherwise.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd

from dashboard import data, figures, unusual
from dashboard.blocks import View
from dashboard.data import Build, MissingMart
from dashboard.money import is_left_out, needs_prices
from dashboard.periods import lengths
from dashboard.words import counted, day, number, span_of_hours

# Below so many orders or buyers in the chosen dates nothing is said.
FEWEST = 100
ALL_DATES = "all dates"
# Shown by the page that tells of it: there is nothing to link to.
HERE = ""


@dataclass(frozen=True)
class Insight:
    """A sentence, the part of a page that shows it, its metric, how large the effect is (1 is
    none), the title of the chart that shows it, over how much it was counted, and what else has
    to be chosen on the page."""

    sentence: str
    path: str
    part: str
    metric: str
    effect: float
    chart: str
    counted: str
    choices: dict[str, str] = field(default_factory=dict)

    @property
    def of_all_dates(self) -> bool:
        """Whether it holds for all dates, whatever is chosen."""
        return self.counted.startswith(ALL_DATES)

    @property
    def said(self) -> str:
        """The sentence with its dates and how much it was counted over."""
        return f"{self.sentence.removesuffix('.')} ({self.counted})."

    def shown(self) -> tuple[str, str, str, dict[str, str]]:
        """What a page shows of it: words, path and chart of its link, what is chosen there."""
        return self.said, self.path, self.chart, {"part": self.part} | self.choices


def all_insights(build: Build, view: View) -> list[Insight]:
    """What the rules find: the change against the period before, then what is of the chosen dates,
    then what is of all dates, and of these the largest effect first."""
    if not data.ranges.added_up(build, *view.dates)["orders"] >= FEWEST:
        return []
    everything, found = data.activity.whole(build), []
    for rule in RULES:
        if is_left_out(rule, build):
            continue
        try:
            insight = rule(build, view)
        except MissingMart:
            continue
        if insight:
            found.append(insight)
    return sorted(
        found,
        key=lambda insight: (
            insight.path != HERE,
            insight.of_all_dates and view.dates != everything,
            -insight.effect,
        ),
    )


def by_metric(build: Build, view: View) -> dict[str, str]:
    """The strongest sentence about each metric."""
    return {i.metric: i.said for i in reversed(all_insights(build, view))}


def over(view: View, how_many: int, thing: str) -> str:
    """The chosen dates and how many things of them were counted."""
    return f"{view.period.said}, {counted(int(how_many), thing)}"


def over_all(how_many: int, thing: str) -> str:
    """How many things of all dates were counted."""
    return f"{ALL_DATES}, {counted(int(how_many), thing)}"


@needs_prices
def strongest_brand(build: Build, view: View) -> Insight | None:
    """The brand with most revenue, its share of revenue against its share of views."""
    found = data.products.brands(build, *view.dates, None)
    named = found[found["brand"] != data.null_defaults()["brand"]]
    if named.empty or not named.iloc[0]["view_share"]:
        return None
    top = named.iloc[0]
    name = data.products.brand_titles(build).get(top.brand, top.brand)
    return Insight(
        f"{name} brings {number(top.revenue_share, '%')} of revenue "
        f"from {number(top.view_share, '%')} of views.",
        "products",
        "Sellers",
        "revenue",
        max(1, top.revenue_share / top.view_share),
        "Revenue by brand, and its share",
        over(view, found["purchases"].sum(), "purchase"),
    )


@needs_prices
def best_buyers(build: Build, view: View) -> Insight | None:
    """The share of revenue that the best fifth of buyers brings."""
    found = data.users.concentration(build)
    top = found[found["top_percent"] == 20]
    if top.empty or top.iloc[0]["buyers"] < FEWEST / 5:
        return None
    share = top.iloc[0]["revenue_share"]
    return Insight(
        f"The best 20 % of buyers bring {number(share, '%')} of revenue.",
        "users",
        "Value",
        "revenue_share_of_top_20_percent",
        share / 20,
        f"The best 20 % of buyers bring {share:.0f} % of revenue",
        over_all(found["buyers"].max(), "buyer"),
    )


@needs_prices
def best_hours(build: Build, view: View) -> Insight | None:
    """The three hours in a row with most revenue, against an even spread."""
    zone = view.hour_zone
    found = data.activity.hours(build, *view.dates, zone)
    hours = found.groupby("event_hour")["revenue"].sum().reindex(range(24), fill_value=0)
    total = hours.sum()
    if not total:
        return None
    windows = {hour: sum(hours[(hour + ahead) % 24] for ahead in range(3)) for hour in range(24)}
    hour = max(windows, key=windows.get)
    share = 100 * windows[hour] / total
    when, part = f"{span_of_hours(hour, 3)} {zone}", f"{number(share, '%')} of revenue"
    best = f"Most revenue comes {when}" if share > 50 else f"The best three hours are {when}"
    return Insight(
        f"{best}: they bring {part}.",
        "time",
        "Hours",
        "revenue",
        share / 12.5,
        "Revenue by hour",
        over(view, found["total_purchases"].sum(), "purchase"),
        {"measure": "revenue"},
    )


@needs_prices
def weekend(build: Build, view: View) -> Insight | None:
    """Revenue an hour at weekends against working days."""
    found = data.activity.hours(build, *view.dates, view.hour_zone, "of whole dates")
    free = found[found["day_of_week"] > 5]
    work = found[found["day_of_week"] <= 5]
    if min(free["hours"].sum(), work["hours"].sum()) < 96 or not work["revenue"].sum():
        return None
    mean = (free["revenue"].sum() / free["hours"].sum()) / (
        work["revenue"].sum() / work["hours"].sum()
    )
    if abs(mean - 1) < 0.05:
        return None
    change = f"{number(abs(100 * (mean - 1)), '%')} {'more' if mean > 1 else 'less'}"
    return Insight(
        f"A weekend day brings {change} revenue than a working day.",
        "time",
        "Hours",
        "revenue",
        max(mean, 1 / mean) if mean else 1,
        "Revenue a day, by weekday",
        over(view, found["hours"].sum(), "hour"),
        {"measure": "revenue"},
    )


def busiest_hour(build: Build, view: View) -> Insight | None:
    """The hour of the day with most sessions, against the mean hour."""
    found = data.activity.cycles(build, "hour")
    everything = data.activity.activity(build, "total", data.activity.whole(build)[0])["sessions"]
    if len(found) < 24 or everything < FEWEST:
        return None
    top = found.loc[found["sessions"].idxmax()]
    share, hour = 100 * top.sessions / everything, span_of_hours(int(top.position), 1)
    part = f"{number(share, '%')} of sessions"
    words = "Most sessions are open" if share > 50 else "The busiest hour is"
    return Insight(
        f"{words} {hour} UTC: {part} are open then.",
        "time",
        "Visitors",
        "sessions",
        top.sessions / found["sessions"].mean(),
        "Sessions by hour of the day",
        over_all(everything, "session"),
        {"count": "sessions"},
    )


@needs_prices
def change(build: Build, view: View) -> Insight | None:
    """Revenue against the period before."""
    before = view.before
    if not before:
        return None
    now, orders = data.ranges.added_up(build, *view.dates)[["revenue", "orders"]]
    then = data.ranges.added_up(build, before.first, before.last)
    if then["orders"] < FEWEST or not then["revenue"] or not now:
        return None
    rate = now / then["revenue"]
    if abs(rate - 1) < 0.02:
        words = "is about the same as"
    else:
        change = number(abs(100 * (rate - 1)), "%")
        words = f"is {change} {'above' if rate > 1 else 'below'}"
    return Insight(
        f"Revenue {words} that of {before.said}{lengths(view.period, before)}.",
        HERE,
        "",
        "revenue",
        max(rate, 1 / rate),
        "",
        over(view, orders, "order"),
    )


@needs_prices
def unusual_day(build: Build, view: View) -> Insight | None:
    """The day whose revenue is furthest from what its weekday usually brings."""
    days = figures.days(build, View(), *data.activity.whole(build))
    rows = unusual.judged(days, "revenue")
    rows = rows[rows["unusual"] & rows["event_date"].between(*map(pd.Timestamp, view.dates))]
    if rows.empty:
        return None
    odd = rows.loc[rows["ratio"].sub(1).abs().idxmax()]
    off = f"{abs(100 * (odd.ratio - 1)):.0f} % {'more' if odd.ratio > 1 else 'less'}"
    few = odd.others <= unusual.THIN_OTHERS
    only = f"; there are only {odd.others} others to compare with" if few else ""
    return Insight(
        f"{day(odd.event_date)} brought {off} revenue than usual for a {odd.event_date:%A}{only}.",
        "time",
        "Days",
        "revenue",
        max(odd.ratio, 1 / odd.ratio) if odd.ratio else 10,
        f"{counted(len(rows), 'unusual day')} by revenue",
        over(view, view.period.days, "day"),
        {"judged": "revenue"},
    )


@needs_prices
def left_carts(build: Build, view: View) -> Insight | None:
    """The share of carts that were left and their value."""
    (first, last), until = view.dates, data.products.carts_decided_until(build)
    if until < first:
        return None
    found = data.products.decided_carts(build, first, last, None)
    decided = found["decided"].sum()
    if decided < FEWEST:
        return None
    share = 100 * found["abandoned"].sum() / decided
    value = number(found["abandoned_value"].sum(), view.sign)
    open_ = f"; carts after {day(until)} may still be bought" if until < last else ""
    return Insight(
        f"{number(share, '%')} of carts were left, worth {value}{open_}.",
        "products",
        "Baskets",
        "cart_abandonment",
        1 + share / 100,
        "What became of carts",
        over(view, decided, "cart"),
    )


def unusual_hours(build: Build, view: View) -> Insight | None:
    """Hours with far more or fewer purchases than expected."""
    found = data.activity.anomalies(build, *view.dates, "purchase")
    odd = found[found["is_anomaly"].astype(bool)]
    if odd.empty:
        return None
    low, high = (odd["direction"] == "low").sum(), (odd["direction"] == "high").sum()
    off = (odd["observed"] - odd["expected"]).abs().sum() / max(1, odd["expected"].sum())
    return Insight(
        f"{counted(len(odd), 'hour')} had an unusual number of purchases ({low} low, {high} high).",
        "time",
        "Days",
        "anomalous_hours",
        1 + off,
        f"{counted(len(odd), 'unusual hour')} of purchases",
        over(view, len(found), "hour"),
        {"watched": "purchase"},
    )


@needs_prices
def strongest_segment(build: Build, view: View) -> Insight | None:
    """The segment with most revenue a user."""
    found = data.users.segments(build)
    found = found[(found["users"] > 0) & (found["buyers"] >= FEWEST / 5)]
    if len(found) < 2:
        return None
    top = found.assign(effect=found["revenue_share"] / found["user_share"]).nlargest(1, "effect")
    top = top.iloc[0]
    return Insight(
        f"The segment {top.user_segment} is {number(top.user_share, '%')} of visitors and brings "
        f"{number(top.revenue_share, '%')} of revenue.",
        "users",
        "Value",
        "users",
        top.effect,
        "Segments by visitors and by revenue (%)",
        over_all(found["users"].sum(), "visitor"),
    )


RULES: tuple[Callable[[Build, View], Insight | None], ...] = (
    change,
    unusual_day,
    unusual_hours,
    strongest_brand,
    strongest_segment,
    best_buyers,
    best_hours,
    busiest_hour,
    weekend,
    left_carts,
)
