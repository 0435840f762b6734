"""What became of each delivered row?"""

from dashboard import charts, data
from dashboard.blocks import Card, Cards, Chart, Empty, Part, Table
from dashboard.words import number

FATES = list(charts.FATE_COLOURS)


def cards(build, view):
    rows = data.quality.fates(build)
    read = rows["rows_read"].sum()
    made = [Card("Rows delivered", number(read))]
    for fate in FATES:
        share = 100 * rows[fate].sum() / read if read else None
        made.append(Card(fate.replace("_", " ").capitalize(), number(share, "%")))
    made.append(Card("Files", number(rows["files"].sum())))
    made.append(Card("Loads", number(len(rows))))
    yield Cards(tuple(made), "All rows that ever landed, by what became of them. From row_ledger.")


def fates(build, view):
    rows = data.quality.fates(build)
    shown = rows.tail(15).assign(load="load " + rows["load_id"].astype(str))
    lost = {fate: charts.FATE_COLOURS[fate] for fate in FATES[1:]}
    figure = charts.stacked(shown, "load", lost, "rows_read", words="share of delivered rows")
    caption = "All other rows were accepted. The latest 15 loads. From row_ledger."
    yield Chart("Rows that did not become events, by load", figure, rows, caption)


def quarantine(build, view):
    rows = data.quality.quarantine(build)
    if view.display.hides_users:
        rows["example"] = "hidden"
    caption = "Rows that could not be used. From quarantined_events."
    columns = ("reason", "rows", "example", "file")
    yield Table("Quarantined rows by reason", rows, caption, columns)


def refused(build, view):
    rows = data.quality.refused_files(build)
    if rows.empty:
        yield Empty("No file was refused", "Every delivered file could be read as events.")
        return
    yield Table("Refused files", rows, "From refused_files.", ("file", "reason", "seen_at"))


PART = Part(
    "Rows", "What became of each delivered row?", ((cards,), (fates, quarantine), (refused,))
)
