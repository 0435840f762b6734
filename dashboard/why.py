"""Why revenue changed: how much of it each factor made, and who gained and lost most.

Revenue is visitors x sessions a visitor x orders a session x revenue an order. Each factor has the
share of the change that its logarithm has, weighed by the logarithmic mean of both revenues: the
shares add up to the change exactly, in whatever order they are taken. Pure functions.
"""

import math
from collections.abc import Mapping

import pandas as pd

from dashboard.words import number

FACTORS = ("visitors", "sessions per visitor", "conversion", "order value")


def factors(figures: Mapping[str, float]) -> list[float] | None:
    """The four factors of revenue; None where one is 0 or unknown."""
    users, sessions, orders, revenue = (
        float(figures[name]) for name in ("users", "sessions", "orders", "revenue")
    )
    if not all(each > 0 for each in (users, sessions, orders, revenue)):
        return None
    return [users, sessions / users, orders / sessions, revenue / orders]


def log_mean(a: float, b: float) -> float:
    """The logarithmic mean of two positive numbers."""
    return a if math.isclose(a, b, rel_tol=1e-12) else (a - b) / math.log(a / b)


def split(now: Mapping[str, float], then: Mapping[str, float]) -> pd.DataFrame | None:
    """What each factor made of the change of revenue: factor, now, then, change (money) and points
    (percent of the revenue before). None where there is no such split."""
    here, there = factors(now), factors(then)
    if here is None or there is None:
        return None
    weight = log_mean(float(now["revenue"]), float(then["revenue"]))
    changes = [weight * math.log(a / b) for a, b in zip(here, there, strict=True)]
    points = [100 * change / float(then["revenue"]) for change in changes]
    return pd.DataFrame(
        {"factor": FACTORS, "now": here, "then": there, "change": changes, "points": points}
    )


def movers(now: pd.DataFrame, then: pd.DataFrame, name: str) -> pd.DataFrame:
    """Names by how much their revenue changed, the largest change first; who is in one of the two
    only had, or has, nothing in the other."""
    both = pd.merge(
        now[[name, "revenue"]],
        then[[name, "revenue"]],
        on=name,
        how="outer",
        suffixes=("", "_before"),
    ).fillna({"revenue": 0.0, "revenue_before": 0.0})
    both["change"] = both["revenue"] - both["revenue_before"]
    return both.sort_values("change", key=lambda change: -change.abs(), ignore_index=True)


def sentence(parts: pd.DataFrame, points: float, sign: str) -> str:
    """The split in words, in money: points would read as if conversion itself had lost so many."""
    largest = parts.reindex(parts["change"].abs().sort_values(ascending=False).index)
    said = ", ".join(f"{each.factor} {moved(each.change, sign)}" for each in largest.itertuples())
    return f"Revenue {points:+.1f} % ({moved(parts['change'].sum(), sign)}): {said}"


def moved(amount: float, sign: str) -> str:
    """An amount with its sign, also where it is a gain."""
    return ("+" if amount >= 0 else "") + number(amount, sign)
