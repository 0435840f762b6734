"""Can I trust these numbers? Freshness, late arrivals, published builds."""

import pandas as pd

from dashboard import data
from dashboard.blocks import Card, Cards, Part, Table
from dashboard.words import day, number


def freshness(build, view):
    arrived = data.quality.arrival(build)
    tests = data.quality.tests_of_last_build(build)
    passed = number((tests["status"] == "pass").sum())
    times = {
        "Latest hour": arrived.last_hour,
        "Last load": arrived.loaded_at,
        "Published": build.published_at,
    }
    made = [Card(name, day(at), f"{day(at)}, {at:%H:%M} UTC") for name, at in times.items()]
    made.append(Card("Tests passed", f"{passed} of {number(len(tests))}"))
    yield Cards(
        tuple(made),
        "Latest hour: that of the latest event. "
        f"{', '.join(f'{name} {at:%H:%M}' for name, at in times.items())} UTC. "
        "From hourly_activity, row_ledger, test_results.",
    )


def late(build, view):
    rows = data.quality.late_arrivals(build)
    caption = "Late: happened before the latest event of an earlier load. From late_arrivals."
    columns = (
        "load_id",
        "loaded_at",
        "rows_in_window",
        "late_share",
        "median_hours_late",
        "sessions_changed",
    )
    yield Table("Late arrivals", rows, caption, columns)


def published(build, view):
    rows = pd.DataFrame(
        {
            "build": each["build_id"],
            "at": pd.Timestamp(each["published_at"]).tz_localize(None),
            "tables": len(each["tables"]),
            "readers_see_it": "yes" if each["build_id"] == build.build_id else "",
        }
        for each in build.builds
    )
    caption = "A build is published when all of its tests passed. Any listed one can be shown to "
    caption += "readers again: shopstream rollback BUILD. From published.json."
    columns = ("build", "at", "tables", "readers_see_it")
    yield Table("Published builds", rows, caption, columns)


PART = Part("Trust", "Can I trust these numbers?", ((freshness,), (late, published)))
