"""Running the sections of a page: what fails is told in words, and the rest of the page holds."""

import logging
import zoneinfo

import pandas as pd

from dashboard import data
from dashboard.blocks import Block, Display, Empty, Section, View
from dashboard.data import Build, MissingMart
from dashboard.words import number, span

log = logging.getLogger(__name__)
HOW_TO_BUILD = "make build"
HOW_TO_MEASURE = ".venv/bin/shopstream lab"


def blocks(section: Section, build: Build, view: View) -> list[Block]:
    """The blocks of a section, or words in their place."""
    try:
        return list(section(build, view))
    except MissingMart as missing:
        return [without(missing)]
    except Exception:
        log.exception("section %s of build %s failed", section.__name__, build.build_id)
        name = section.__name__.replace("_", " ")
        return [
            Empty(f"{name.capitalize()} can't be shown", "The rest of the page holds; see the log.")
        ]


def without(missing: MissingMart) -> Empty:
    """What to say for a mart that the build does not have."""
    if missing.mart == "optimizations":
        return Empty("Nothing was measured yet", f"Measure with: {HOW_TO_MEASURE}")
    return Empty(
        f"This build has no {missing.mart}",
        f"It was built without the business marts. Build them with: {HOW_TO_BUILD}",
    )


def freshness(build: Build) -> str:
    """Which build is shown, of when, over which dates, and how its tests went."""
    zone = Display.from_environment().zone
    at = build.published_at.astimezone(zoneinfo.ZoneInfo(zone))
    words = [f"build {build.build_id}", f"{at:%Y-%m-%d %H:%M} {zone}"]
    try:
        total = data.activity.periods(build).query("period_type == 'total'").iloc[0]
        first, last = (pd.Timestamp(total[c]).date() for c in ("period_start", "period_end"))
        events = data.activity.activity(build, "total", first)["total_events"]
        words += [f"{number(events)} events", span(first, last)]
    except (MissingMart, IndexError):
        pass
    return " · ".join([*words, tests(build)])


def tests(build: Build) -> str:
    """How the tests of a build went; a build is published only when none failed."""
    try:
        found = data.quality.tests_of_last_build(build)
    except MissingMart:
        return "published, so all tests passed"
    warned = (found["status"] != "pass").sum()
    if warned:
        return f"{len(found) - warned} of {len(found)} tests passed, {warned} warned"
    return f"all {len(found)} tests passed"
