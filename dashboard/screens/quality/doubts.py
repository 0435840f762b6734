"""What is doubtful? Sessions that no person made, and figures that were published elsewhere."""

from datetime import date

from dashboard import data
from dashboard.blocks import Part, Table, listed
from dashboard.words import exact

UNITS = {"revenue": "money", "mean_duration_seconds": "seconds", "order_conversion": "percent"}
NAMES = {
    "mean_duration_seconds": "average duration",
    "order_conversion": "orders / sessions",
}


def suspicious(build, view):
    rows = data.quality.suspicious(build)
    none = ("No session is suspicious", "None breaks a rule of suspicion_rules.")
    caption = "All dates. They stay in all other figures. From suspicious_sessions."
    columns = ("rule", "means", "sessions", "events", "revenue")
    yield listed("Sessions that no person seems to have made", rows, caption, columns, none)


def weight(build, view):
    rows = data.quality.without_suspicious(build)
    if not data.quality.has_prices(build):
        rows = rows[rows["metric_name"] != "revenue"].reset_index(drop=True)
    units = rows["metric_name"].map(UNITS).fillna("")
    for name in ("with_all", "without_suspicious"):
        rows[f"{name}_shown"] = in_units(rows[name], units, view.sign)
    rows["metric_name"] = rows["metric_name"].map(NAMES).fillna(rows["metric_name"])
    columns = ("metric_name", "with_all_shown", "without_suspicious_shown", "change")
    caption = "All dates. From metrics_without_suspicious."
    yield Table("What those sessions weigh", rows, caption, columns)


def in_units(values, units, sign: str) -> list[str]:
    """Exact values, each in its unit."""
    return [exact(value, unit, sign) for value, unit in zip(values, units, strict=True)]


# The month that others published figures of.
PUBLISHED = date(2019, 10, 1), date(2019, 10, 31)


def published_figures(build, view):
    if data.activity.whole(build) != PUBLISHED:
        return
    rows = data.quality.beside_published(build)
    if view.display.hides_users:
        rows = rows[rows["unit"] != "user id"].copy()
    for name in ("published", "held"):
        rows[f"{name}_shown"] = in_units(rows[f"{name}_value"], rows["unit"], view.sign)
    # User ids have no difference.
    numbers = rows["difference"].where(rows["unit"] != "user id")
    rows["difference_shown"] = in_units(numbers, rows["unit"], view.sign)
    equal = (rows["verdict"] == "equal").sum()
    columns = ("figure", "published_shown", "held_shown", "difference_shown", "verdict")
    title = f"{equal} of {len(rows)} published figures of October 2019 are equal"
    caption = "What others published about the real October 2019, beside what is held here; the "
    caption += "generated sample bears these dates, but differs. From published_comparison."
    yield Table(title, rows, caption, columns)


PART = Part("Doubts", "What is doubtful?", ((suspicious, weight), (published_figures,)))
