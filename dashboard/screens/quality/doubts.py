"""What is doubtful? Sessions that no person made, and figures that were published elsewhere."""

from dashboard import data
from dashboard.blocks import Empty, Part, Table


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
    rows["metric_name"] = rows["metric_name"].str.replace("_", " ")
    columns = ("metric_name", "with_all", "without_suspicious", "change")
    caption = "All dates. From metrics_without_suspicious."
    yield Table("What those sessions weigh", rows, caption, columns)


def published_figures(build, view):
    rows = data.quality.beside_published(build)
    equal = (rows["verdict"] == "equal").sum()
    columns = ("figure", "published_value", "held_value", "difference", "verdict")
    title = f"{equal} of {len(rows)} published figures of October 2019 are equal"
    caption = "A generated sample bears these dates, but differs. From published_comparison."
    yield Table(title, rows, caption, columns)


PART = Part("Doubts", "What is doubtful?", ((suspicious, weight), (published_figures,)))
