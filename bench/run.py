"""`python -m bench`: run what is still to be run, and report it against the targets."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import psutil
from rich.console import Console
from rich.table import Table

from bench import larger, results, steps
from bench.contenders import BY_NAME, Contender
from bench.place import ContenderFailed, Place
from shopstream.config import PROJECT
from shopstream.run.engines import spark_settings, targets
from shopstream.warehouse.fingerprint import all_code

CODE = ["models", "macros", "seeds", "tests/rules", "shopstream", "bench", "packages"]
CODE += ["dbt_project.yml", "profiles.yml.example", "requirements.lock", "spark.lock", "jars.lock"]
# What else of the environment makes a build slower or faster.
CONDITIONS = ["DBT_TARGET", "SHOPSTREAM_DUCKDB_MEMORY"]

# Tables keep their columns where the output goes to a file.
console = Console(highlight=False, soft_wrap=True, width=max(Console().width, 140))


def bench(home: Path, events: int, times: int, names: list[str]) -> tuple[str, list[str]]:
    """Run each contender `times` times, in turn; gives the commit and what went wrong.

    What `home`/results.jsonl holds already is not run again, so a bench that was stopped goes on.
    It ends where the code changes under it: what ran meanwhile is of no commit.
    """
    commit, path = code_version(), home / "results.jsonl"
    failed: dict[tuple[int, str], str] = {}
    home.mkdir(parents=True, exist_ok=True)
    lock = (home / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return commit, [f"another bench works in {home}; wait for it, or end it"]

    def to_run() -> list[tuple[int, str]]:
        runs = results.read_runs(path)
        todo = results.still_to_run(runs, commit, events, names, times)
        return [one for one in todo if one not in failed]

    while todo := to_run():
        number, name = todo[0]
        console.print(f"run {number} of {times}: {name} ({BY_NAME[name].does}) ...", end=" ")
        try:
            run = run_once(home, events, commit, BY_NAME[name]) | {"run": number}
        except (ContenderFailed, duckdb.Error, OSError) as error:
            # The latter two: its tables could not be read to be compared.
            console.print("failed")
            failed[number, name] = f"{name}: {error}"
            continue
        if code_version() != commit:
            console.print("not kept")
            return commit, ["the code or its settings changed meanwhile; start the bench again"]
        results.append_run(path, run)
        console.print(f"{run['seconds']:.1f} s, peak {run['peak_bytes'] / 1e9:.1f} GB")
    return commit, list(failed.values())


def run_once(home: Path, events: int, commit: str, contender: Contender) -> dict:
    """Prepare, run and check one contender; raises ContenderFailed."""
    scale = max(1, events // contender.scale_divisor)
    place = Place(home, scale, commit, home / "work" / contender.place)
    now = datetime.now(UTC)
    ran = contender.run(place)
    run = {
        "commit": commit,
        "events": events,
        "contender": contender.name,
        "started_at": now.isoformat(timespec="seconds"),
        "seconds": round(ran.seconds, 3),
        "peak_bytes": ran.peak_bytes,
        "written_bytes": ran.written_bytes,
        "kept_bytes": folder_bytes(place.folder),
        "uses_spark": contender.uses_spark,
        "busy_elsewhere": ran.busy_elsewhere,
        "cores": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "steps": steps.read(place.folder),
        "check": contender.checked(place) if contender.checked else {},
    }
    if not contender.name.startswith("shopstream"):
        shutil.rmtree(place.folder, ignore_errors=True)
    return run


def folder_bytes(folder: Path) -> int:
    """Bytes of what a contender left, without links to the input."""
    files = (path for path in folder.rglob("*") if path.is_file() and "landing" not in path.parts)
    return sum(path.stat().st_size for path in files)


def code_version() -> str:
    """The last commit that changed the code, and the conditions: 1a2b3c4@5d6e7f8a.

    Where the code differs from the commit, a hash of it stands between. After the @ is a hash of
    Spark's settings and of the machine's cores and memory: figures of one name compare.
    """

    def git(*command: str) -> str:
        ran = subprocess.run(["git", *command], cwd=PROJECT, capture_output=True, text=True)
        return ran.stdout.strip() if ran.returncode == 0 else ""

    head = git("log", "-1", "--format=%h", "--", *CODE)
    is_commit = head and not git("status", "--porcelain", "--", *CODE)
    changed = "" if is_commit else f"+{all_code('bench')[:8]}"
    return f"{head or 'no-git'}{changed}@{conditions()}"


def conditions() -> str:
    """A short hash of all that makes the same code slower or faster, but for where things lie."""
    places = {"spark.sql.warehouse.dir": "", "spark.driver.extraClassPath": ""}
    settings = spark_settings(os.environ) | places
    threads = targets()["embedded"]["threads"]
    environment = [os.environ.get(name) for name in CONDITIONS]
    machine = [os.cpu_count(), round(psutil.virtual_memory().total / 2**30)]
    known = json.dumps([settings, threads, environment, machine], sort_keys=True)
    return hashlib.sha256(known.encode()).hexdigest()[:8]


def report(home: Path, commit: str, events: int) -> dict[str, list[str]]:
    """Print runs and figures of one commit and scale; gives the contenders that are not equal.

    Where the commit has none, those of the last one that has.
    """
    runs = results.read_runs(home / "results.jsonl")
    of_scale = [run for run in runs if run["events"] == events]
    if not of_scale:
        console.print(f"Nothing was run at {events:,} events.")
        return {}
    if commit not in {run["commit"] for run in of_scale}:
        console.print(f"Nothing was run at {events:,} events with {commit}; the last that was:")
        commit = of_scale[-1]["commit"]
    mine = [run for run in of_scale if run["commit"] == commit]
    print_runs(mine, f"{events:,} events a month, {commit}, {mine[-1]['cores']} cores")
    print_figures(results.figures(runs, commit, events))
    print_costs(larger.costs(runs, commit, events))
    unequal = results.unequal(mine)
    for name, tables in unequal.items():
        console.print(f"NOT EQUAL: {name} differs from shopstream in {', '.join(tables)}")
    for name, keys in results.compared(mine).items():
        if name not in unequal:
            console.print(f"Equal to shopstream by rows and hashes: {name}, {', '.join(keys)}")
    for name in sorted({run["contender"] for run in mine if results.SAME in run["check"]}):
        console.print(f"Equal to DuckDB over the same files by rows and hashes: {name}")
    return unequal


def print_runs(runs: list[dict], title: str) -> None:
    """One line a contender."""
    table = Table(title=title, title_justify="left")
    columns = ["contender", "seconds", "from - to", "runs", "peak GB", "written GB", "kept GB"]
    for column in [*columns, "busy elsewhere"]:
        table.add_column(column, justify="left" if column == "contender" else "right")
    for name in dict.fromkeys(run["contender"] for run in runs):
        of_one = sorted((r for r in runs if r["contender"] == name), key=lambda r: r["seconds"])
        seconds = [run["seconds"] for run in of_one]
        elsewhere = [run.get("busy_elsewhere") for run in of_one]  # None in lines of older code
        table.add_row(
            name,
            f"{results.median(seconds):.1f}",
            f"{seconds[0]:.1f} - {seconds[-1]:.1f}",
            str(len(seconds)),
            *(
                f"{max(run[size] for run in of_one) / 1e9:.2f}"
                for size in ("peak_bytes", "written_bytes", "kept_bytes")
            ),
            "" if None in elsewhere else f"{max(elsewhere):.0%}",
        )
    console.print(table)


def print_figures(figures: list[dict]) -> None:
    """One line a measure, with its target."""
    if not figures:
        return
    table = Table(title="Against the targets", title_justify="left")
    for column in ("what", "median", "from - to", "runs", "target", "verdict"):
        left = column in ("what", "verdict")
        table.add_column(column, justify="left" if left else "right", overflow="fold")
    for row in figures:
        verdict = row["verdict"]
        if verdict == "another scale":
            verdict = f"target is for {row['target_events']:,} events"
        table.add_row(
            row["what"],
            f"{row['median']:.3g}",
            f"{row['least']:.3g} - {row['greatest']:.3g}",
            str(row["runs"]),
            "" if row["target"] is None else f"at most {row['target']:.4g}",
            verdict,
        )
    console.print(table)


def print_costs(costs: list[larger.Cost]) -> None:
    """One line a figure: measured twice, computed twice."""
    if not costs:
        return
    table = Table(title="Larger than one machine", title_justify="left")
    for column in ("what", "a tenth", "measured", "10 times", "100 times"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for cost in costs:
        table.add_row(cost.what, *map(figure, cost.values))
    console.print(table)


def figure(value: float | None) -> str:
    """Three digits of a small number, whole ones of a large one, nothing for None."""
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
