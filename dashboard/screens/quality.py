"""Data quality: what became of each delivered row, and whether to trust the numbers."""

import pandas as pd

from dashboard import charts, data
from dashboard.components import Card, Cards, Chart, Empty, Page, Table

FATES = list(charts.FATE_COLOURS)


def cards(build, view):
    rows = data.fates(build)
    read = rows["rows_read"].sum()
    made = [Card("Rows delivered", charts.number(read))]
    for fate in FATES:
        share = 100 * rows[fate].sum() / read if read else None
        made.append(Card(fate.replace("_", " ").capitalize(), charts.number(share, "%")))
    made.append(Card("Loads", charts.number(len(rows))))
    made.append(Card("Published builds kept", charts.number(len(build.builds))))
    yield Cards(tuple(made), "All rows that ever landed, by what became of them. From row_ledger.")


def fates(build, view):
    rows = data.fates(build)
    shown = rows.tail(15).assign(load="load " + rows["load_id"].astype(str))
    figure = charts.stacked(
        shown,
        "load",
        FATES[1:],
        "rows_read",
        colours=charts.FATE_COLOURS,
        words="share of delivered rows",
    )
    caption = "All other rows were accepted. The latest 15 loads. From row_ledger."
    yield Chart("Rows that did not become events, by load", figure, rows, caption)


def quarantine(build, view):
    rows = data.quarantine(build)
    if view.display.hides_users:
        rows["example"] = "hidden"
    columns = {
        "reason": ("reason", "text"),
        "rows": ("rows", "number"),
        "example": ("an example, as delivered", "text"),
        "file": ("file", "text"),
    }
    caption = "Rows that could not be used. From quarantined_events."
    yield Table("Quarantined rows by reason", rows, caption, columns)


def changes(build, view):
    columns = {
        "column_name": ("column", "text"),
        "delivered": ("delivered", "text"),
        "becomes": ("becomes", "text"),
        "rows_changed": ("rows", "number"),
        "share_changed": ("share of rows", "bar"),
    }
    caption = "Of all rows that were delivered and could be split into values. From value_changes."
    yield Table("What was put in the place of a value", data.value_changes(build), caption, columns)


def before_after(build, view):
    rows = data.sample_rows(build)
    if view.display.hides_users:
        rows[["delivered_row", "user_id", "user_session"]] = "hidden"
    columns = {
        "file": ("file", "text"),
        "row_number": ("row", "number"),
        "delivered_row": ("as delivered", "text"),
        "fate": ("became", "text"),
        "event_time": ("time (UTC)", "time"),
        "event_type": ("type", "text"),
        "category_code": ("category", "text"),
        "brand": ("brand", "text"),
        "price": ("price", "decimal"),
        "user_id": ("user", "text"),
        "user_session": ("session", "text"),
    }
    caption = "The first rows of the latest file. From sample_rows."
    yield Table("Before and after cleaning", rows, caption, columns)


def over_time(build, view):
    rows = data.daily_quality(build)
    shown = rows[["event_date"]].copy()
    for name in ("unknown_brand_events", "uncategorized_events"):
        shown[name] = 100 * rows[name] / rows["total_events"]
    words = {"unknown_brand_events": "no brand", "uncategorized_events": "no category"}
    figure = charts.lines(shown, "event_date", words, "share of events (%)")
    yield Chart("Events without brand or category", figure, rows, "From daily_data_quality.")


def late(build, view):
    columns = {
        "load_id": ("load", "number"),
        "loaded_at": ("at (UTC)", "time"),
        "rows_in_window": ("rows", "number"),
        "late_share": ("late", "percent"),
        "median_hours_late": ("median hours late", "decimal"),
        "sessions_changed": ("sessions changed", "number"),
    }
    caption = "Late: happened before the latest event of an earlier load. From late_arrivals."
    yield Table("Late arrivals", data.late_arrivals(build), caption, columns)


def published(build, view):
    rows = pd.DataFrame(
        {
            "build": [each["build_id"] for each in build.builds],
            "at": pd.to_datetime([each["published_at"] for each in build.builds]).tz_localize(None),
            "tables": [len(each["tables"]) for each in build.builds],
        }
    )
    rows["shown"] = ["yes" if each == build.build_id else "" for each in rows["build"]]
    columns = {
        "build": ("build", "number"),
        "at": ("published (UTC)", "time"),
        "tables": ("tables", "number"),
        "shown": ("readers see it", "text"),
    }
    caption = "A build is published when all of its tests passed. From published.json."
    yield Table("Published builds", rows, caption, columns)


def tests(build, view):
    rows = data.tests_of_last_build(build)
    passed = (rows["status"] == "pass").sum()
    columns = {
        "rule": ("rule", "text"),
        "tested": ("of", "text"),
        "status": ("status", "text"),
        "failing_rows": ("failing rows", "number"),
        "seconds": ("seconds", "decimal"),
    }
    title = f"{passed} of {len(rows)} tests passed in the last build"
    yield Table(title, rows, "Failed first, then slowest. From test_results.", columns)


def refused(build, view):
    rows = data.refused_files(build)
    if rows.empty:
        yield Empty("No file was refused", "Every delivered file could be read as events.")
        return
    columns = {
        "source_file": ("file", "text"),
        "reason": ("why", "text"),
        "seen_at": ("at", "time"),
    }
    yield Table("Refused files", rows, "From refused_files.", columns)


PAGE = Page(
    "Data quality",
    "quality",
    "Can I trust these numbers?",
    (
        (cards,),
        (fates, quarantine),
        (changes, over_time),
        (late, published),
        (before_after,),
        (tests,),
        (refused,),
    ),
)
