"""What became of each delivered row?"""

from dashboard import charts, data
from dashboard.blocks import Card, Cards, Chart, Part
from dashboard.screens.quality.unused import quarantine, refused
from dashboard.words import number

FATES = list(charts.FATE_COLOURS)
MEANING = {
    "accepted": "rows that are events now.",
    "duplicate": "rows that repeat an event which is held already.",
    "out_of_window": "usable rows outside the window of dates of the settings.",
    "quarantined": "rows that can't be used, by reason below.",
    "erased": "rows of users who were erased; only how many is kept.",
}


def cards(build, view):
    rows = data.quality.fates(build)
    read = rows["rows_read"].sum()
    made = [Card("Rows delivered", number(read), "Of all files; one that came twice counts once.")]
    for fate in FATES:
        share = 100 * rows[fate].sum() / read if read else None
        name, counted = fate.replace("_", " ").capitalize(), f"{rows[fate].sum():,.0f}"
        made.append(Card(name, number(share, "%"), f"{counted} {MEANING[fate]}"))
    made.append(Card("Files", number(rows["files"].sum()), "One that came twice counts once."))
    made.append(Card("Loads", number(len(rows)), "Builds that loaded files."))
    yield Cards(tuple(made), "All rows that ever landed, by what became of them. From row_ledger.")


def fates(build, view):
    rows = data.quality.fates(build)
    shown = rows.tail(15).assign(load="load " + rows["load_id"].astype(str))
    lost = {fate: charts.FATE_COLOURS[fate] for fate in FATES[1:]}
    figure = charts.stacked(shown, "load", lost, "rows_read", words="share of delivered rows")
    caption = "All other rows were accepted. The latest 15 loads. From row_ledger."
    yield Chart("Rows that did not become events, by load", figure, rows, caption)


ROWS = ((cards,), (fates,), (quarantine,), (refused,))
PART = Part("Rows", "What became of each delivered row?", ROWS)
