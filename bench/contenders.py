"""What runs against each other. Each contender prepares its place, runs one command, is checked.

The contenders that stand on each other share a place: a daily load goes onto the warehouse that a
full build left, and where there is none, it is built first, unmeasured.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass

from bench import check, notebook
from bench.builds import daily_load, full_build, nothing_new, rows_again, warm_daily_load
from bench.measure import Measured
from bench.place import HALF_YEAR, MONTH, ContenderFailed, Place, make_input, read_once
from bench.results import SAME


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
