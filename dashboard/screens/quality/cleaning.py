"""How were values cleaned? What took the place of missing ones, and rows before and after."""

import pandas as pd

from dashboard import charts, data
from dashboard.blocks import Chart, Part, Table
from shopstream.intake.columns import EVENT_COLUMNS


def changes(build, view):
    rows = data.quality.value_changes(build)
    caption = "Of all rows that were delivered and could be split into values. From value_changes."
    columns = ("column_name", "delivered", "becomes", "rows_changed", "share_changed")
    yield Table("What was put instead of a value", rows, caption, columns)


def over_time(build, view):
    rows = data.quality.daily_quality(build)
    shown = rows[["event_date"]].copy()
    for name in ("unknown_brand_events", "uncategorized_events"):
        shown[name] = 100 * rows[name] / rows["total_events"]
    words = {"unknown_brand_events": "no brand", "uncategorized_events": "no category"}
    figure = charts.lines(shown, "event_date", words, "share of events (%)")
    caption = "All dates, UTC. Share of a day's events that were delivered without. "
    caption += "From daily_data_quality."
    yield Chart("Events without brand or category", figure, rows, caption)


def before_after(build, view):
    rows = data.quality.sample_rows(build)
    name = rows["file"].iloc[0] if len(rows) else "no file"
    made = [stage for row in rows.to_dict("records") for stage in (delivered(row), cleaned(row))]
    columns = ("row_number", "stage", *EVENT_COLUMNS)
    shown = pd.DataFrame(made, columns=columns)
    if view.display.hides_users:
        # A row that could not be split holds its user somewhere in its text.
        shown.loc[shown["user_id"].isna(), "event_time"] = "hidden"
        shown[["user_id", "user_session"]] = "hidden"
    caption = f"The first rows of the latest file, {name}. From sample_rows."
    yield Table("Before and after cleaning", shown, caption, columns)


def delivered(row: dict) -> dict:
    """The values of a row as delivered; a row that could not be split is all in its first one."""
    values = data.quality.values_of(row["delivered_row"])
    if values is None:
        values = {"event_time": row["delivered_row"], "user_id": None}
    return {"row_number": row["row_number"], "stage": "delivered", **values}


def cleaned(row: dict) -> dict:
    """The values that cleaning made of a row, and what became of it."""
    return {**row, "stage": row["fate"].replace("_", " ")}


PART = Part("Cleaning", "How were values cleaned?", ((before_after,), (changes,), (over_time,)))
