"""Running the sections of a page: what fails is told in words, and the rest of the page holds."""

import logging
import zoneinfo
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from dashboard import charts, data
from dashboard.annotations import annotations
from dashboard.blocks import Block, Chart, Display, Empty, Section, View
from dashboard.data import Build, EmptyMart, MissingMart
from dashboard.money import NOTE, WORDS, is_left_out, without_money
from dashboard.words import day, number, span
from shopstream.config import SAMPLE_MARK
from shopstream.errors import NothingPublished, PublishedLost

log = logging.getLogger(__name__)
HOW_TO_BUILD = "make build"
HOW_TO_MEASURE = {
    "optimizations": ".venv/bin/python -m bench lab",
    "technical_kpis": ".venv/bin/python -m bench lab",
    "bench_runs": "make bench",
    "bench_ratios": "make bench",
}


def blocks(section: Section, build: Build, view: View) -> list[Block]:
    """The blocks of a section, or words in their place."""
    try:
        if is_left_out(section, build):
            return []
        found = list(section(build, view))
        if not data.quality.has_prices(build):
            found = [without_money(block) for block in found]
        for block in found:
            if isinstance(block, Chart):
                charts.note(block.figure, annotations())
        return [view.marked(block) for block in found]
    except Exception as error:
        name = section.__name__.replace("_", " ").capitalize()
        return [instead(error, name, "The rest of the page holds; see the log.")]


def notes(build: Build) -> list[Block]:
    """What has to be said on every page before anything else."""
    try:
        return [] if data.quality.has_prices(build) else [NOTE]
    except Exception as error:
        return [instead(error, "What the data covers", "Other pages may hold; see the log.")]


def instead(error: Exception, name: str, others: str) -> Empty:
    """What to say instead of what failed; what nobody foresaw is logged."""
    match error:
        case NothingPublished():
            return Empty("Nothing is published yet", f"Build the marts with: {HOW_TO_BUILD}")
        case PublishedLost():
            return Empty("The list of builds can't be read", f"{error}.")
        case EmptyMart():
            return Empty(
                f"There is no row in {error.mart}",
                "No event was accepted so far; Data quality says what became of the delivered "
                f"rows. Put event files into the landing folder, then: {HOW_TO_BUILD}",
            )
        case MissingMart():
            return without(error)
    log.error("%s failed", name, exc_info=error)
    return Empty(f"{name} can't be shown", others)


def without(missing: MissingMart) -> Empty:
    """What to say for a mart that the build does not have."""
    if missing.mart in HOW_TO_MEASURE:
        return Empty("Nothing was measured yet", f"Measure with: {HOW_TO_MEASURE[missing.mart]}")
    return Empty(
        f"This build has no {missing.mart}",
        f"It was built without the business marts. Build them with: {HOW_TO_BUILD}",
    )


def freshness(build: Build) -> str:
    """Which build is shown, of when, over which dates, and how its tests went."""
    zone = Display.from_environment().zone
    at = build.published_at.astimezone(zoneinfo.ZoneInfo(zone))
    words = [f"build {build.build_id}", f"{day(at)}, {at:%H:%M} {zone}"]
    for part in (extent, newest, tests):
        try:
            words.append(part(build))
        except MissingMart:
            continue
        except Exception:
            # Pages that do not need it hold.
            log.exception("%s of build %s can't be read", part.__name__, build.build_id)
    if isinstance(build.place, Path) and (build.place / SAMPLE_MARK).exists():
        words.append("generated sample")
    if notes(build):
        words.append(WORDS)
    return " · ".join(words)


def extent(build: Build) -> str:
    """How many events a build holds, over which dates."""
    first, last = data.activity.whole(build)
    events = data.activity.activity(build, "total", first)["total_events"]
    return f"{number(events)} events · {span(first, last)}"


def newest(build: Build) -> str:
    """How old the newest event is, by its hour."""
    at = data.quality.arrival(build).last_hour
    if pd.isna(at):
        raise EmptyMart("hourly_activity")
    hours = (datetime.now(UTC).replace(tzinfo=None) - at).total_seconds() / 3600
    ago = f"{hours:.0f} h" if hours < 48 else f"{hours / 24:,.0f} days"
    return f"newest event {ago} ago"


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
