"""The figures that the Time page can show, as columns of the marts."""

from dashboard import charts
from dashboard.words import with_sign

COLUMNS = {
    "revenue": "revenue",
    "purchases": "total_purchases",
    "views": "total_views",
    "events": "total_events",
}


def colour(view) -> str:
    """The colour of the chosen measure: an event's own, where it counts one type of them."""
    return charts.EVENT_COLOURS.get(view.choices["measure"].removesuffix("s"), charts.ACCENT)


def axis(view, words: str = "") -> str:
    """The chosen measure, what it is counted by, and its unit."""
    return with_sign(f"{view.choices['measure']}{words}", unit(view))


def unit(view) -> str:
    """The sign of the chosen measure."""
    return view.sign if view.choices["measure"] == "revenue" else ""


def drawn(view) -> dict[str, str]:
    """Unit and colour of the bars of the chosen measure."""
    return {"unit": unit(view), "colour": colour(view)}
