"""The figures that the Time page can show, as columns of the marts."""

COLUMNS = {
    "revenue": "revenue",
    "purchases": "total_purchases",
    "views": "total_views",
    "events": "total_events",
}


def axis(view, words: str = "") -> str:
    """The chosen measure, what it is counted by, and its unit."""
    sign = unit(view)
    return f"{view.choices['measure']}{words}{f' ({sign})' if sign else ''}"


def unit(view) -> str:
    """The sign of the chosen measure."""
    return view.sign if view.choices["measure"] == "revenue" else ""
