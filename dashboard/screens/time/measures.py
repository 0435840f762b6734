"""The figures that the Time page can show, as columns of the marts."""

COLUMNS = {
    "revenue": "revenue",
    "purchases": "total_purchases",
    "views": "total_views",
    "events": "total_events",
}


def unit(view) -> str:
    """The sign of the chosen measure."""
    return view.sign if view.choices["measure"] == "revenue" else ""
