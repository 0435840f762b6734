"""What runs against each other. Each contender prepares its place, runs one command, is checked.

The contenders that stand on each other share a place: a daily load goes onto the warehouse that a
full build left, and where there is none, it is built first, unmeasured.
"""

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from bench import check, notebook
from bench.measure import Measured, measure
from bench.results import SAME
from shopstream import sample
from shopstream.config import PROJECT

MONTH, HALF_YEAR = 31, 182  # days
FIRST_DAY = date(2019, 10, 1)
STATE = "holds.json"


class ContenderFailed(Exception):
    """A command ended with an error; the message says where its output is."""


@dataclass(frozen=True)
class Place:
    """Where one contender works: `source` has the month's files, `folder` is its own."""

    home: Path
    events: int
    commit: str
    folder: Path

    @property
    def source(self) -> Path:
        """The month's files; made when they are not there."""
        return make_input(self.home, self.events, MONTH)

    def run(self, *command: str, **environment: str) -> Measured:
        """Run a command of this Python from the project's folder; raises ContenderFailed."""
        log = self.folder.with_suffix(".log")
        ran = measure(
            [sys.executable, *command], env={**os.environ, **environment}, cwd=PROJECT, log=log
        )
        if ran.code:
            raise ContenderFailed(f"{' '.join(command)} ended with {ran.code}, see {log}")
        return ran


@dataclass(frozen=True)
class Contender:
    """`run` gives what was measured; `checked` what its tables are compared by, if they are."""

    name: str
    does: str
    run: Callable[[Place], Measured]
    place: str
    checked: Callable[[Place], dict[str, str]] | None = None
    uses_spark: bool = True
    by_default: bool = True
    scale_divisor: int = 1


def make_input(home: Path, events: int, days: int) -> Path:
    """The generated files of so many days from the first on, Parquet; one file a day.

    Made anew where they are not those of this generator.
    """
    folder = home / "input" / f"{events}_{days}"
    complete = folder / "_complete"  # by its name no reader takes it for data
    generator = hashlib.sha256(Path(sample.__file__).read_bytes()).hexdigest()
    if not complete.exists() or complete.read_text() != generator:
        shutil.rmtree(folder, ignore_errors=True)
        if days == MONTH:  # the day after it is wanted too
            link_days(make_input(home, events, MONTH + 1), folder, MONTH)
        else:
            sample.generate(folder, events=events, days=days, file_format="parquet")
        complete.write_text(generator)
    return folder


def link_days(source: Path, target: Path, days: int) -> None:
    """Put the files of the first `days` days into a folder, as links."""
    target.mkdir(parents=True, exist_ok=True)
    for day in range(days):
        name = f"events_{FIRST_DAY + timedelta(days=day)}.parquet"
        if not (target / name).exists():
            os.link(source / name, target / name)


def start_of_spark(place: Place) -> Measured:
    """Start Spark twice: the second time finds its jars in the file cache, as a build does."""
    module("startup")(place)
    return module("startup")(place)


def module(name: str) -> Callable[[Place], Measured]:
    """Run a module of the bench with input and output folder, from nothing."""

    def run(place: Place) -> Measured:
        shutil.rmtree(place.folder, ignore_errors=True)
        source = place.source
        read_once(source)
        return place.run("-m", f"bench.{name}", str(source), str(place.folder))

    return run


# --- shopstream itself -----------------------------------------------------------------------


def full_build(*options: str, target: str = "sail") -> Callable[[Place], Measured]:
    """The first build of a month into an empty warehouse, on the engine of a target."""

    def run(place: Place) -> Measured:
        shutil.rmtree(place.folder, ignore_errors=True)
        deliver(place, place.source, MONTH)
        read_once(place.source)
        ran = build(place, *options, target=target)
        note_state(place, MONTH)
        return ran

    return run


def daily_load(
    *options: str, days: int = MONTH, target: str = "sail"
) -> Callable[[Place], Measured]:
    """The file of one more day, onto a warehouse that holds the days before."""

    def run(place: Place) -> Measured:
        source = make_input(place.home, place.events, days + 1)
        if state(place) != wanted_state(place, days):
            shutil.rmtree(place.folder, ignore_errors=True)
            deliver(place, source, days)
            build(place, *options, target=target)
        deliver(place, source, days + 1)
        forget_state(place)
        return build(place, *options, target=target)

    return run


def warm_daily_load(place: Place) -> Measured:
    """A daily load on a server that has made the days before. Its memory is not in the peak."""
    shutil.rmtree(place.folder, ignore_errors=True)
    source = make_input(place.home, place.events, MONTH + 1)
    place.folder.mkdir(parents=True)
    shopstream(place, "server", "start")
    try:
        deliver(place, source, MONTH)
        build(place, "--core", target="")
        deliver(place, source, MONTH + 1)
        return build(place, "--core", target="")
    finally:
        shopstream(place, "server", "stop")


def rows_again(place: Place) -> Measured:
    """What a full build writes of its rows, by Spark alone; the build comes first, unmeasured."""
    if state(place) != wanted_state(place, MONTH):
        full_build("--core", "--no-tests")(place)
    copy = place.folder / "again"
    shutil.rmtree(copy, ignore_errors=True)
    warehouse = place.folder / "warehouse"
    ran = place.run("-m", "bench.rows_again", str(warehouse), str(copy))
    shutil.rmtree(copy)
    return ran


def nothing_new(place: Place) -> Measured:
    """The daily command once more, when a build of all is published and no file came.

    It finds that there is nothing to do, and starts neither dbt nor Spark.
    """
    shutil.rmtree(place.folder, ignore_errors=True)
    deliver(place, place.source, MONTH)
    build(place)
    return build(place)


def build(place: Place, *options: str, target: str = "sail") -> Measured:
    """`shopstream build` as users run it, in a process of its own; no target is a warm server."""
    environment = {"DBT_TARGET": target} if target else {}
    return shopstream(place, "build", *options, **environment)


def shopstream(place: Place, *command: str, **environment: str) -> Measured:
    """A command of shopstream on the place's own landing folder and warehouse."""
    return place.run(
        *["-m", "shopstream", *command],
        SHOPSTREAM_LANDING=str(place.folder / "landing"),
        SHOPSTREAM_WAREHOUSE=str(place.folder / "warehouse"),
        SHOPSTREAM_LOGS=str(place.folder / "logs"),
        DBT_TARGET_PATH=str(place.folder / "target"),
        **environment,
    )


def deliver(place: Place, source: Path, days: int) -> None:
    """Let the files of the first `days` days arrive."""
    link_days(source, place.folder / "landing", days)


def wanted_state(place: Place, days: int) -> dict:
    """What a warehouse of so many days notes about itself."""
    return {"events": place.events, "commit": place.commit, "days": days}


def note_state(place: Place, days: int) -> None:
    """Note what the warehouse holds, for a contender that goes on from it."""
    (place.folder / STATE).write_text(json.dumps(wanted_state(place, days)))


def state(place: Place) -> dict | None:
    """What the warehouse holds, None when nobody can tell."""
    path = place.folder / STATE
    return json.loads(path.read_text()) if path.exists() else None


def forget_state(place: Place) -> None:
    """The warehouse is about to change."""
    (place.folder / STATE).unlink(missing_ok=True)


def read_once(folder: Path) -> None:
    """Read all files, so that every contender finds them in the file cache."""
    for file in folder.iterdir():
        with file.open("rb") as stream:
            while stream.read(1 << 24):
                pass


def notebook_totals(place: Place) -> dict[str, str]:
    """What the notebook's way gets right."""
    return check.totals(place.folder, notebook.RIGHT_TOTALS)


def marts(place: Place) -> dict[str, str]:
    """Fingerprints of the marts of a contender that is not shopstream."""
    return check.fingerprints(place.folder)


def our_marts(place: Place) -> dict[str, str]:
    """Fingerprints of shopstream's marts."""
    return check.fingerprints(place.folder / CORE)


def our_marts_and_totals(place: Place) -> dict[str, str]:
    """Fingerprints of the marts, and from them the totals to hold the notebook's against."""
    return our_marts(place) | check.totals(place.folder / CORE, notebook.SAME_FROM_MARTS)


def as_duckdb_has_them(days: int) -> Callable[[Place], dict[str, str]]:
    """Hold the marts against DuckDB's over the same files; raises ContenderFailed."""

    def compare(place: Place) -> dict[str, str]:
        other = place.folder.with_name(f"{place.folder.name}_duckdb")
        shutil.rmtree(other, ignore_errors=True)
        source = make_input(place.home, place.events, days)
        place.run("-m", "bench.duckdb_marts", str(source), str(other))
        theirs, ours = check.fingerprints(other), our_marts(place)
        shutil.rmtree(other)
        if differs := [name for name, value in ours.items() if value != theirs[name]]:
            raise ContenderFailed(f"other tables than DuckDB's: {', '.join(differs)}")
        return {SAME: ", ".join(ours)}

    return compare


CORE = "warehouse/shopstream_core.db"
CONTENDERS = [
    Contender("startup", "start of Spark alone", start_of_spark, "startup"),
    Contender("floor", "input read and written once", module("floor"), "floor", uses_spark=False),
    Contender(
        "spark_floor", "input read and written once by Spark", module("spark_floor"), "spark_floor"
    ),
    Contender("duckdb", "the marts in DuckDB SQL", module("duckdb_marts"), "duckdb", marts, False),
    Contender(
        "shopstream_tests",
        "build --core on Sail, first full build with tests",
        full_build("--core"),
        "shopstream_tests",
        our_marts_and_totals,
        uses_spark=False,
    ),
    Contender(
        "daily_tests",
        "build --core on Sail, one more day, with tests",
        daily_load("--core"),
        "shopstream_tests",
        as_duckdb_has_them(MONTH + 1),
        uses_spark=False,
    ),
    Contender(
        "shopstream",
        "build --core --no-tests on Sail, first full build",
        full_build("--core", "--no-tests"),
        "shopstream",
        our_marts_and_totals,
        uses_spark=False,
    ),
    Contender(
        "daily",
        "build --core --no-tests on Sail, one more day",
        daily_load("--core", "--no-tests"),
        "shopstream",
        as_duckdb_has_them(MONTH + 1),
        uses_spark=False,
    ),
    Contender(
        "shopstream_all",
        "build on Sail, all marts with tests",
        full_build(),
        "shopstream_all",
        our_marts,
        uses_spark=False,
        by_default=False,
    ),
    Contender(
        "daily_all",
        "build on Sail, one more day, all marts with tests",
        daily_load(),
        "shopstream_all",
        as_duckdb_has_them(MONTH + 1),
        uses_spark=False,
        by_default=False,
    ),
    Contender(
        "shopstream_spark",
        "build --core on Spark, first full build with tests",
        full_build("--core", target="embedded"),
        "shopstream_spark",
        our_marts,
    ),
    Contender(
        "daily_spark",
        "build --core on Spark, one more day, with tests",
        daily_load("--core", target="embedded"),
        "shopstream_spark",
        as_duckdb_has_them(MONTH + 1),
    ),
    Contender(
        "shopstream_all_spark",
        "build on Spark, all marts with tests",
        full_build(target="embedded"),
        "shopstream_all_spark",
        our_marts,
        by_default=False,
    ),
    Contender(
        "daily_all_spark",
        "build on Spark, one more day, all marts with tests",
        daily_load(target="embedded"),
        "shopstream_all_spark",
        as_duckdb_has_them(MONTH + 1),
        by_default=False,
    ),
    Contender(
        "shopstream_rows",
        "its tables of rows written once more by Spark, nothing else",
        rows_again,
        "shopstream",
    ),
    Contender(
        "daily_warm",
        "build --core, one more day, on a warm server of Spark",
        warm_daily_load,
        "daily_warm",
        as_duckdb_has_them(MONTH + 1),
        by_default=False,
    ),
    Contender(
        "nothing_new",
        "build on Sail, nothing new",
        nothing_new,
        "nothing_new",
        uses_spark=False,
        by_default=False,
    ),
    Contender("plain", "plain SQL on the same Spark", module("plain"), "plain", marts),
    Contender(
        "notebook",
        "the notebook's way on the same Spark",
        module("notebook"),
        "notebook",
        notebook_totals,
    ),
    Contender(
        "growth",
        "shopstream at a tenth of the events",
        full_build("--core", "--no-tests"),
        "growth",
        as_duckdb_has_them(MONTH),
        scale_divisor=10,
        uses_spark=False,
        by_default=False,
    ),
    Contender(
        "daily_6_months",
        "build --core --no-tests on Sail, one more day onto six months",
        daily_load("--core", "--no-tests", days=HALF_YEAR),
        "daily_6_months",
        as_duckdb_has_them(HALF_YEAR + 1),
        uses_spark=False,
        by_default=False,
    ),
]
BY_NAME = {contender.name: contender for contender in CONTENDERS}
