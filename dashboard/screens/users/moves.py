"""Who moves from one segment to another?"""

import pandas as pd

from dashboard import charts, data
from dashboard.blocks import Chart, Empty, Table


def moves(build, view):
    rows = data.users.segment_moves(build)
    last = pd.Timestamp(data.activity.whole(build)[1])
    # The last week is often a part of one: its line would fall.
    whole = rows["week_start"] + pd.Timedelta(days=6) <= last
    risen = rows[whole & (rows["from_segment"] != "New")]
    if risen.empty:
        yield Empty("Nobody moved up a segment", "No returning visitor reached another segment.")
        return
    # Some reach a segment from several others.
    shown = risen.pivot_table(
        index="week_start", columns="to_segment", values="users", aggfunc="sum"
    ).reset_index()
    colours = charts.colours_of(data.users.segment_names(build))
    names = [name for name in colours if name in shown]
    words = {name: f"became {name}" for name in names}
    caption = "Returning visitors by week, from Monday, and the segment they reached. "
    caption += "From segment_changes."
    figure = charts.lines(
        shown, "week_start", words, "visitors a week", [colours[n] for n in names]
    )
    yield Chart("Who moves up a segment", figure, rows, caption)


def latest_moves(build, view):
    rows = data.users.segment_moves(build)
    rows["week"] = rows["week_start"].dt.strftime("%-d %b %Y")
    rows = rows.sort_values("week_start", ascending=False, kind="stable")
    columns = ("week", "from_segment", "to_segment", "users")
    yield Table("All moves between segments", rows, "All dates. From segment_changes.", columns)
