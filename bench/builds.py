"""shopstream itself, as contenders run it: from nothing, and with one more day."""

import shutil
from collections.abc import Callable

from bench.measure import Measured
from bench.place import (
    MONTH,
    Place,
    deliver,
    forget_state,
    make_input,
    note_state,
    read_once,
    state,
    wanted_state,
)


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
