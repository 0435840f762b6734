"""What a month of 10 and 100 times the events would take, from two measured scales.

Seconds and bytes are lines through the two points, which is what hash aggregation, dates as
partitions and shuffles of a few passes cost; sorts grow a little faster. Memory is as measured: the
heap bounds it, and Spark spills. Odds of a collision of 64-bit keys are n * (n - 1) / 2^65, the
birthday bound.
"""

from dataclasses import dataclass
from statistics import median

from bench.contenders import MONTH
from bench.results import Run, reference, runs_of

FACTORS = (10, 100)
# What one task of a shuffle should hold, so that it sorts and hashes without spilling. Shuffles of
# all models together: an upper bound of what spark.sql.shuffle.partitions has to be.
SHUFFLE_BYTES = 128 * 2**20


@dataclass(frozen=True)
class Cost:
    """One figure at a tenth, at the scale itself, and extrapolated; None where nothing is known."""

    what: str
    values: tuple[float | None, ...]


def costs(runs: list[Run], commit: str, events: int) -> list[Cost]:
    """Figures at a tenth, once, 10 and 100 times the events; empty where either was not run.

    Needs `startup`, `shopstream` and `growth` of one commit and scale.
    """
    mine = runs_of(runs, commit, events)

    def middle(contender: str, figure: str) -> float | None:
        values = [run[figure] for run in mine if run["contender"] == contender]
        return median(values) if values else None

    if None in [middle(name, "seconds") for name in ("startup", "shopstream", "growth")]:
        return []
    scales = [events / 10, events, *(events * factor for factor in FACTORS)]

    def line(what: str, figure: str, unit: float, less: float = 0) -> Cost:
        small, large = (middle(name, figure) - less for name in ("growth", "shopstream"))
        slope = (large - small) / (scales[1] - scales[0])
        values = [small, large, *(large + slope * (n - events) for n in scales[2:])]
        return Cost(what, tuple(value / unit for value in values))

    kept = line("GB kept", "kept_bytes", 1e9)
    written = line("GB written, shuffles and spills too", "written_bytes", 1e9)
    shuffled = [(all_ - left) * 1e9 for all_, left in zip(written.values, kept.values, strict=True)]
    sessions = reference(mine).get("dim_sessions")  # "9097765 rows, ..."
    per_event = int(sessions.split()[0]) / events if sessions else None
    return [
        Cost("events a month", tuple(scales)),
        line(
            "seconds of a full build without tests, start-up excluded",
            "seconds",
            1,
            middle("startup", "seconds"),
        ),
        Cost(
            "GB of memory at its peak (bounded by the heap)",
            (*(middle(name, "peak_bytes") / 1e9 for name in ("growth", "shopstream")), None, None),
        ),
        kept,
        written,
        Cost("MB kept of a day", tuple(1e3 * gigabytes / MONTH for gigabytes in kept.values)),
        Cost(
            "partitions of 128 MB for all that was shuffled or spilled",
            tuple(max(1, bytes_ / SHUFFLE_BYTES) for bytes_ in shuffled),
        ),
        Cost("odds that two events share a key", tuple(map(collision, scales))),
        Cost(
            "odds that two sessions share a key",
            tuple(collision(n * per_event) if per_event else None for n in scales),
        ),
    ]


def collision(keys: float) -> float:
    """Expected pairs of equal 64-bit keys among so many; about the odds of one while small."""
    return keys * (keys - 1) / 2**65
