"""The six cards: figures of the chosen dates, each against the dates it is compared with."""

import pandas as pd

from dashboard import data, figures
from dashboard.blocks import Card, Cards
from dashboard.screens.overview.compared import against, gap, thin
from dashboard.words import day, in_unit


def cards(build, view):
    """The cards and what they are compared with."""
    now = figures.figures(build, view, view.period)
    then = figures.figures(build, view, view.before) if view.before else {}
    days = figures.days(build, view, *view.dates)
    defined = data.activity.definitions(build)
    said = view.within(*figures.applied(view)), against(view), gap(view, now), thin(view, now)
    yield Cards(
        tuple(
            card(figure, now, then, days, view, defined.get(figure.metric, ""))
            for figure in figures.shown(view)
        ),
        " ".join(filter(None, said)),
    )


def card(figure, now, then, days, view, defined) -> Card:
    """One figure, its change, and its days as a small line."""
    column, unit = figure.column, figure.unit
    trail = tuple(days[column].astype(float)) if column in days else ()
    said = tuple(
        f"{day(at)}: {in_unit(each, unit, view.sign)}"
        for at, each in zip(days["event_date"], trail, strict=False)
    )
    changed = change(now[column], then.get(column), unit)
    name = figure.name + figures.ignored(view)
    words = figure.explained or defined
    value = in_unit(now[column], unit, view.sign)
    return Card(
        name,
        value,
        words,
        changed,
        "pt" if unit == "percent" else "%",
        trail,
        said,
        figure.of_money,
    )


def change(value, old, unit: str = "") -> float | None:
    """The change in percent, of a percentage in points; None where either is unknown, or where
    there was nothing before."""
    if pd.isna(value) or pd.isna(old):
        return None
    if unit == "percent":
        return float(value - old)
    return 100 * float(value / old - 1) if old else None
