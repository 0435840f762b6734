"""The report of one period on one page, for mail: no script, and its pictures are table cells,
which every mail program shows."""

from dataclasses import replace
from html import escape

from dashboard import figures
from dashboard.blocks import View
from dashboard.data import Build
from dashboard.filters import default_view
from dashboard.money import is_left_out
from dashboard.periods import Period, default_period, grain_of, stored_periods
from dashboard.screens.overview import now
from dashboard.screens.overview.cards import cards
from dashboard.screens.overview.changes import factors, movers
from dashboard.sections import blocks, freshness, notes
from dashboard.words import day, number

INK, GREY, ACCENT, LOSS = "#1f2933", "#52606d", "#0072B2", "#A04300"
# More bars would not fit on the page: then by week or month.
MOST_BARS = 35
STYLE = f"font: 14px/1.4 Arial, sans-serif; color: {INK};"
CELL = "padding: 3px 8px; border-bottom: 1px solid #e4e8ec;"


class UnknownPeriod(Exception):
    """The build has no such period; says which it has."""


def period_named(build: Build, name: str | None) -> Period:
    """The period of a name of the filter; that of the pages if none. Raises UnknownPeriod."""
    stored = stored_periods(build)
    if name is None:
        return default_period(stored)
    if name not in stored:
        raise UnknownPeriod(f"There is no “{name}” in this build; it has: {', '.join(stored)}.")
    return stored[name]


def brief(build: Build, name: str | None = None) -> str:
    """One page about a period."""
    view = replace(default_view(now.PART, build), period=period_named(build, name))
    (shown,) = blocks(cards, build, view)
    title = f"How the store did: {view.period.words}"
    parts = [
        f'<p style="color: {GREY}; font-size: 12px">shopstream · {escape(freshness(build))}</p>',
        f'<h1 style="font-size: 20px; margin: 8px 0">{escape(title)}</h1>',
        *(grey(f"{note.title}. {note.words}") for note in notes(build)),
        card_table(shown.cards) + grey(shown.caption),
        *(heading(block.title) for block in blocks(factors, build, view)),
        finding_list(build, view),
        bars(build, view),
        *(mover_table(block) for block in blocks(movers, build, view)),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>@page {{ size: A4; margin: 12mm; }} "
        "tr, h2 { break-inside: avoid; break-after: avoid; }</style></head>"
        f'<body style="{STYLE} max-width: 680px; margin: 0 auto; zoom: 0.9">'
        + "".join(parts)
        + "</body></html>"
    )


def heading(words: str) -> str:
    """A heading of the page."""
    return f'<h2 style="font-size: 15px; margin: 12px 0 4px">{escape(words)}</h2>'


def grey(words: str) -> str:
    """A line of explanation."""
    return f'<p style="color: {GREY}; font-size: 12px; margin: 4px 0">{escape(words)}</p>'


def card_table(shown) -> str:
    """The figures in rows of three."""
    cells = [
        f'<td style="width: 33%; padding: 6px 8px; border: 1px solid #d5dbe1">{escape(card.name)}'
        f'<br><b style="font-size: 18px">{escape(card.value)}</b> '
        f'<span style="color: {GREY}">{escape(card.moved or "")}</span></td>'
        for card in shown
    ]
    rows = "".join(f"<tr>{''.join(cells[at : at + 3])}</tr>" for at in range(0, len(cells), 3))
    return f'<table style="width: 100%; border-collapse: collapse">{rows}</table>'


def finding_list(build: Build, view: View) -> str:
    """What stands out, as sentences."""
    (found,) = blocks(now.findings, build, view)
    said = "".join(f"<li>{escape(sentence)}</li>" for sentence, *_ in found.sentences)
    listed = f'<ul style="margin: 4px 0; padding-left: 20px">{said}</ul>'
    return heading(found.title) + (listed if said else grey(found.otherwise))


def bars(build: Build, view: View) -> str:
    """Revenue as a picture of table cells: by hour, day, week or month, as many as fit."""
    if is_left_out(now.revenue, build):
        return ""
    days = view.period.days
    by = "day" if days <= MOST_BARS else "week" if days <= 7 * MOST_BARS - 7 else "month"
    grain = grain_of(view.period, by)
    rows = figures.series(build, view, grain, *view.dates).tail(MOST_BARS)
    most = float(rows["revenue"].max()) or 1
    drawn = "".join(
        f'<tr><td style="width: 110px; font-size: 12px">{bar_name(at, grain)}</td>'
        f'<td><table style="width: {max(1, round(80 * float(value) / most))}%; height: 11px; '
        f'float: left" bgcolor="{ACCENT}"><tr><td></td></tr></table>'
        f'<span style="font-size: 12px">&nbsp;{escape(number(value, view.sign))}</span></td></tr>'
        for at, value in zip(rows["period_start"], rows["revenue"], strict=True)
    )
    return heading(f"Revenue by {grain}") + (
        f'<table style="width: 100%" cellpadding="0" cellspacing="1" role="img" '
        f'aria-label="Revenue by {grain}">{drawn}</table>'
    )


def bar_name(at, grain: str) -> str:
    """What a bar is of."""
    if grain == "hour":
        return f"{at:%H:%M}"
    return f"{at:%B %Y}" if grain == "month" else f"{at:%a} {day(at)}"


def mover_table(table) -> str:
    """Who gained and who lost, in words and colours."""
    rows = "".join(
        f'<tr><td style="{CELL}">{escape(str(each.kind))}</td><td style="{CELL}">'
        f'{escape(str(each.name))}</td><td style="{CELL} text-align: right; '
        f'color: {ACCENT if each.change >= 0 else LOSS}">{escape(signed(each))}</td></tr>'
        for each in table.rows.groupby("kind").head(3).itertuples()
    )
    return heading(table.title) + f'<table style="border-collapse: collapse">{rows}</table>'


def signed(row) -> str:
    """A change with its sign."""
    return f"{'+' if row.change >= 0 else ''}{row.change_shown}"
