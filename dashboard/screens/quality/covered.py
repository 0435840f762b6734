"""What does the data cover? Where it begins and ends, its stray dates, the types that occur."""

from dashboard import data
from dashboard.blocks import Card, Cards, Empty, Part, Table, listed
from dashboard.words import day, number


def coverage(build, view):
    found = data.quality.coverage(build)
    if not found.dates_delivered:
        yield Empty("Nothing is covered", "No event was accepted so far.")
        return
    made = [
        Card(name, day(at), f"{day(at)}, {at:%H:%M} UTC")
        for name, at in {"Begins": found.begins_at, "Ends": found.ends_at}.items()
    ]
    counts = {
        "Delivered dates": (found.dates_delivered, "Dates of a run that has enough events."),
        "Whole dates": (found.dates_whole, "Delivered from their first hour to their last."),
        "Stray dates": (found.dates_stray, "Dates far from the rest: listed below."),
    }
    made += [Card(name, number(value), words) for name, (value, words) in counts.items()]
    yield Cards(tuple(made), "What is judged, averaged or compared. From data_coverage.")


def stray(build, view):
    rows = data.quality.stray_dates(build)
    none = ("No date is stray", "All dates with events belong to the data.")
    caption = "Their events count as events, and move nothing else. From stray_dates."
    yield listed("Stray dates", rows, caption, ("event_date", "file", "rows"), none)


def types(build, view):
    rows = data.quality.event_types(build)
    caption = "All dates. Types that occur; unknown: none was delivered. From daily_event_types."
    columns = ("event_type", "events", "share_of_events", "first_date", "last_date")
    yield Table("Types of events", rows, caption, columns)


PART = Part("Coverage", "What does the data cover?", ((coverage,), (types, stray)))
