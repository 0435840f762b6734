"""What is doubtful? Sessions that no person made, and figures that were published elsewhere."""

from dashboard import data
from dashboard.blocks import Empty, Part, Table
from dashboard.words import exact

UNITS = {"revenue": "money", "mean_duration_seconds": "seconds", "order_conversion": "percent"}
NAMES = {"mean_duration_seconds": "mean session duration", "order_conversion": "orders / sessions"}


def suspicious(build, view):
    rows = data.quality.suspicious(build)
    if rows.empty:
        yield Empty("No session is suspicious", "None breaks a rule of suspicion_rules.")
        return
    caption = "They stay in all other figures. From suspicious_sessions."
    columns = ("rule", "means", "sessions", "events", "revenue")
    yield Table("Sessions that no person seems to have made", rows, caption, columns)


def weight(build, view):
    rows = data.quality.without_suspicious(build)
    for name in ("with_all", "without_suspicious"):
        rows[name] = [
            exact(value, UNITS.get(metric, ""), view.sign)
            for metric, value in zip(rows["metric_name"], rows[name], strict=True)
        ]
    rows["metric_name"] = rows["metric_name"].map(NAMES).fillna(rows["metric_name"])
    columns = ("metric_name", "with_all", "without_suspicious", "change")
    caption = "All dates. From metrics_without_suspicious."
    yield Table("What those sessions weigh", rows, caption, columns)


def published_figures(build, view):
    rows = data.quality.beside_published(build)
    if view.display.hides_users:
        rows = rows[rows["unit"] != "user id"].copy()
    for name in ("published_value", "held_value", "difference"):
        rows[name] = [
            exact(value, unit, view.sign)
            for value, unit in zip(rows[name], rows["unit"], strict=True)
        ]
    rows.loc[rows["unit"] == "user id", "difference"] = "–"
    equal = (rows["verdict"] == "equal").sum()
    columns = ("figure", "published_value", "held_value", "difference", "verdict")
    title = f"{equal} of {len(rows)} published figures of October 2019 are equal"
    caption = "What others published about the real October 2019, beside what is held here; the "
    caption += "generated sample bears these dates, but differs. From published_comparison."
    yield Table(title, rows, caption, columns)


PART = Part("Doubts", "What is doubtful?", ((suspicious, weight), (published_figures,)))
