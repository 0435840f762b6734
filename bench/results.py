"""Runs as JSON lines; what they say against the targets; both as Delta tables."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.tables import schema, write_table

REAL_EVENTS, MONTH_EVENTS, SAMPLE_EVENTS = 42_400_000, 4_200_000, 250_000

Run = dict  # one line of the results
LONG_SECONDS = 600
FULL, UNTESTED = "shopstream_tests", "shopstream"
# The check of a contender that was held against DuckDB over files of its own.
SAME = "as DuckDB has them over the same files"


def read_runs(path: Path) -> list[Run]:
    """All finished runs; a last line that was cut off by a kill is none."""
    runs = []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            runs.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return runs


def append_run(path: Path, run: Run) -> None:
    """Add one finished run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # A line that was cut off must not swallow this one.
    cut_off = path.exists() and path.stat().st_size and not path.read_bytes().endswith(b"\n")
    with path.open("a") as file:
        file.write(("\n" if cut_off else "") + json.dumps(run) + "\n")


def runs_of(runs: Iterable[Run], commit: str, events: int) -> list[Run]:
    """The runs of one commit, with its conditions, at one scale."""
    return [run for run in runs if (run["commit"], run["events"]) == (commit, events)]


def still_to_run(
    runs: Iterable[Run], commit: str, events: int, contenders: list[str], times: int
) -> list[tuple[int, str]]:
    """(run, contender) in the order to run them: all contenders in turn, then all again.

    What takes longer than LONG_SECONDS runs once.
    """
    mine = runs_of(runs, commit, events)
    done = {(run["run"], run["contender"]) for run in mine}
    long = {run["contender"] for run in mine if run["seconds"] > LONG_SECONDS}
    return [
        (number, name)
        for number in range(1, times + 1)
        for name in contenders
        if (number, name) not in done and name not in long
    ]


def equality(one: Run, other: Run) -> str | None:
    """Why the figures of two runs can't be set against each other; None where they can.

    Contenders that make no tables are not compared, nor those held against DuckDB by themselves.
    """
    checks = one.get("check") or {}, other.get("check") or {}
    if not all(checks) or any(SAME in check for check in checks):
        return None
    common = checks[0].keys() & checks[1].keys()
    if not common:
        return "not compared"
    return "unequal results" if any(checks[0][key] != checks[1][key] for key in common) else None


def unequal(runs: Iterable[Run]) -> dict[str, list[str]]:
    """Contenders whose fingerprints differ from those of shopstream, with what differs.

    Where it was not run, nothing is known to be equal or not.
    """
    runs = [run for run in runs if run.get("check")]
    first = reference(runs)
    found = {}
    for run in runs:
        differs = [name for name, value in run["check"].items() if value != first.get(name, value)]
        if differs:
            found[run["contender"]] = differs
    return found


def compared(runs: Iterable[Run]) -> dict[str, list[str]]:
    """What of each contender was held against shopstream."""
    runs = [run for run in runs if run.get("check")]
    known = reference(runs).keys()
    found = {run["contender"]: sorted(known & set(run["check"])) for run in runs}
    return {name: keys for name, keys in found.items() if keys and name not in (FULL, UNTESTED)}


def reference(runs: list[Run]) -> dict[str, str]:
    """The first fingerprints of shopstream's full build, with tests or without."""
    first: dict[str, str] = {}
    for run in runs:
        if run["contender"] in (FULL, UNTESTED):
            first = run["check"] | first
    return first


# --- the targets -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Measure:
    """One figure of the report and its target; figures of one round are set against each other.

    over and under name contenders; `kind` says what of them: seconds; net, seconds without the
    start of Spark; peak, bytes; share, the part of `over` that `under` does not take. `limits`
    are (events, limit): a target is for its number of events and says nothing of others.
    """

    what: str
    over: str
    under: str | None
    kind: str
    limits: tuple[tuple[int, float], ...] = ()


def at_real(limit: float) -> tuple[tuple[int, float], ...]:
    """A target for the real month."""
    return ((REAL_EVENTS, limit),)


# The full build is that of users: with its tests, published. Where both sides are our own build,
# both are without.
MEASURES = [
    Measure(
        "full build / DuckDB",
        *(FULL, "duckdb", "seconds"),
        ((REAL_EVENTS, 2.5), (MONTH_EVENTS, 5)),
    ),
    Measure("full build on Spark / DuckDB", "shopstream_spark", "duckdb", "seconds"),
    Measure(
        "full build / on Spark",
        *(FULL, "shopstream_spark", "seconds"),
        ((REAL_EVENTS, 1), (SAMPLE_EVENTS, 1 / 3)),
    ),
    Measure(
        "full build of all marts / on Spark",
        *("shopstream_all", "shopstream_all_spark", "seconds"),
        ((SAMPLE_EVENTS, 1 / 3),),
    ),
    Measure("full build without tests / DuckDB", UNTESTED, "duckdb", "seconds"),
    Measure(
        "full build / the notebook's five tables (no summary), start-up excluded",
        *(FULL, "notebook_five", "net"),
        ((REAL_EVENTS, 1 / 8), (MONTH_EVENTS, 1 / 4)),
    ),
    Measure(
        "full build / the notebook's way with its summary, start-up excluded",
        *(FULL, "notebook", "net"),
    ),
    Measure("full build / the floor", FULL, "floor", "seconds", at_real(8)),
    Measure("peak memory of the full build, GB", FULL, None, "peak", at_real(12)),
    Measure("peak memory on Spark, GB", "shopstream_spark", None, "peak", at_real(10)),
    Measure(
        "growth: full build without tests / at a tenth, start-up excluded",
        *(UNTESTED, "growth", "net"),
        at_real(10.5),
    ),
    Measure("DuckDB / the floor", "duckdb", "floor", "seconds", at_real(7.5)),
    Measure(
        "daily load / DuckDB's full build",
        *("daily_tests", "duckdb", "seconds"),
        at_real(0.4),
    ),
    Measure(
        "daily load on Spark / DuckDB's full build, start-up excluded",
        *("daily_spark", "duckdb", "net"),
    ),
    Measure("daily load of all marts / on Spark", "daily_all", "daily_all_spark", "seconds"),
    Measure(
        "daily load without tests / DuckDB's full build",
        *("daily", "duckdb", "seconds"),
    ),
    Measure(
        "daily load on a warm server / DuckDB's full build", *("daily_warm", "duckdb", "seconds")
    ),
    Measure(
        "daily load onto 6 months / onto 1 month, without tests, start-up excluded",
        *("daily_6_months", "daily", "net"),
        ((MONTH_EVENTS, 1.25),),
    ),
    Measure(
        "a run with nothing new, seconds", "nothing_new", None, "seconds", ((SAMPLE_EVENTS, 25),)
    ),
    # It starts no Spark, so that a warm server would not make it faster.
    Measure(
        "a run with nothing new, seconds, by the target of a warm server",
        *("nothing_new", None, "seconds"),
        ((SAMPLE_EVENTS, 8),),
    ),
    Measure("tests' share of a full build, %", FULL, UNTESTED, "share", at_real(25)),
    Measure("the floor by Spark / DuckDB's full build", "spark_floor", "duckdb", "seconds"),
    Measure(
        "rows written once more by Spark / DuckDB's full build, start-up excluded",
        *("shopstream_rows", "duckdb", "net"),
    ),
    Measure("full build without tests / plain SQL, start-up excluded", UNTESTED, "plain", "net"),
    Measure("plain SQL / DuckDB", "plain", "duckdb", "seconds"),
]


def figures(runs: list[Run], commit: str, events: int) -> list[dict]:
    """Median, least and greatest of each measure over the rounds, with its target and verdict."""
    rounds: dict[int, dict[str, Run]] = {}
    mine = runs_of(runs, commit, events)
    for run in mine:
        rounds.setdefault(run["run"], {})[run["contender"]] = run
    for contenders in rounds.values():
        if "notebook" in contenders:
            contenders["notebook_five"] = without_summary(contenders["notebook"])
    startups = [c["startup"]["seconds"] for c in rounds.values() if "startup" in c]
    startup = median(startups) if startups else None
    found = []
    for measure in MEASURES:
        valued = {
            number: value
            for number, contenders in rounds.items()
            if (value := value_of(measure, contenders, startup)) is not None
        }
        if not valued:
            continue
        row = judged(measure, list(valued.values()), events)
        row |= {"commit": commit, "events": events}
        sides = [
            [rounds[number][name] for name in (measure.over, measure.under) if name]
            for number in valued
        ]
        row["measured_at"] = max(run["started_at"] for pair in sides for run in pair)
        if differs := {equality(*pair) for pair in sides if len(pair) == 2} - {None}:
            row["verdict"] = max(differs)  # unequal results before not compared
        found.append(row)
    return found


def without_summary(run: Run) -> Run:
    """The notebook's run as if it had written its five tables only."""
    return run | {"seconds": run["seconds"] - run["steps"]["session_summary"]}


def value_of(measure: Measure, contenders: dict[str, Run], startup: float | None) -> float | None:
    """A measure in one round; None where a part of it was not run."""
    over = contenders.get(measure.over)
    under = contenders.get(measure.under) if measure.under else None
    lacks_startup = measure.kind == "net" and startup is None
    if over is None or (measure.under and under is None) or lacks_startup:
        return None
    if measure.kind == "peak":
        return over["peak_bytes"] / 1e9
    if measure.kind == "share":
        return 100 * (over["seconds"] - under["seconds"]) / over["seconds"]
    if under is None:
        return over["seconds"]
    if measure.kind == "net":
        return net(over, startup) / net(under, startup)
    return over["seconds"] / under["seconds"]


def net(run: Run, startup: float) -> float:
    """Seconds without the start of Spark."""
    return run["seconds"] - (startup if run["uses_spark"] else 0)


def judged(measure: Measure, values: list[float], events: int) -> dict:
    """Median and spread; beside them the target of the nearest scale, judged at that scale only.

    Of memory the greatest stands instead of the median: it has to be there.
    """
    middle = max(values) if measure.kind == "peak" else median(values)
    target_events, limit = min(
        measure.limits, key=lambda pair: abs(pair[0] - events), default=(None, None)
    )
    if limit is None:
        verdict = "no target"
    elif not 0.95 < events / target_events < 1.05:
        verdict = "another scale"
    else:
        verdict = "met" if middle <= limit else "not met"
    return {
        "what": measure.what,
        "median": middle,
        "least": min(values),
        "greatest": max(values),
        "runs": len(values),
        "target": limit,
        "target_events": target_events,
        "verdict": verdict,
    }


# --- Delta tables ----------------------------------------------------------------------------

RUNS = schema(
    """
    commit string, events int64, contender string, run int64, started_at string,
    seconds double, peak_bytes int64, written_bytes int64, kept_bytes int64,
    busy_elsewhere double, cores int64, memory_bytes int64, steps string, check string
    """
)
RATIOS = schema(
    """
    commit string, events int64, what string, measured_at string, median double,
    least double, greatest double, runs int64, target double, target_events int64,
    verdict string
    """
)


def publish(warehouse: Path, runs: list[Run]) -> None:
    """Write all runs, and the figures of every commit and scale, as Delta tables.

    Without any run the tables stay as they are.
    """
    if not runs:
        return
    flat = [run | {name: json.dumps(run[name]) for name in ("steps", "check")} for run in runs]
    scales = sorted({(run["commit"], run["events"]) for run in runs})
    ratios = [row for commit, events in scales for row in figures(runs, commit, events)]
    write_table(warehouse, "bench_runs", flat, RUNS)
    write_table(warehouse, "bench_ratios", ratios, RATIOS)
