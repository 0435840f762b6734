"""`python -m bench lab`: run the experiments that are still to be run, judge and keep them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from pyspark.errors import PySparkException
from rich.table import Table

from bench import experiments, lab, results
from bench.place import MONTH, make_input
from bench.run import code_version, console
from bench.spark import session
from bench.tables import schema, write_table

KEY = ("commit", "events", "experiment", "variant", "data", "aqe")
SETTINGS = {
    "spark.ui.retainedJobs": "300",
    # More than these jobs can have, or a stage is gone before it is asked for.
    "spark.ui.retainedStages": "10000",
    "spark.sql.ui.retainedExecutions": "300",
    # What Parquet reads several ranges at once by passes Hadoop's counts of bytes by.
    "spark.hadoop.parquet.hadoop.vectored.io.enabled": "false",
}
KPIS = schema(
    """
    commit string, events int64, kpi string, value double, unit string, evidence string,
    is_latest bool
    """
)


def run(home: Path, events: int, times: int, chosen: str | None = None) -> tuple[str, list[str]]:
    """Run all experiments, or those with `chosen` in their name; gives the commit and what failed.

    What `home`/lab.jsonl holds already with as many runs is not run again; a lab that is complete
    does nothing. An experiment that fails is told, and the others go on.
    """
    commit, path, failed = code_version(), home / "lab.jsonl", []
    kept = [row for row in results.read_runs(path) if row.get("runs", 0) >= times]
    done = {tuple(row.get(name) for name in KEY) for row in kept}
    if not chosen and (commit, events, *[None] * 4) in done:  # the line of a lab that is complete
        return commit, failed
    warehouse = home / "work" / f"lab_{events}"
    source = make_input(home, events, MONTH)
    made_by = warehouse / "made_by"  # tables of other code or input are made anew
    if not made_by.exists() or made_by.read_text() != commit:
        shutil.rmtree(warehouse, ignore_errors=True)
        warehouse.mkdir(parents=True)
        made_by.write_text(commit)
    bench = lab.Lab(session(warehouse, **SETTINGS), source)
    experiments.prepare(bench)
    for experiment in experiments.experiments(bench.spark):
        if chosen and chosen not in experiment.name:
            continue
        for adaptive in experiment.adaptive:
            ours = (commit, events, experiment.name)
            if all((*ours, v.name, experiment.data, adaptive) in done for v in experiment.variants):
                continue
            where = f"({experiment.data}, adaptive {'on' if adaptive else 'off'})"
            try:
                rows = bench.measure(experiment, adaptive, times)
            except (*faults_of_spark(), ValueError) as error:
                reason = (str(error).splitlines() or [type(error).__name__])[0]
                failed.append(f"{experiment.name} {where}: {reason}")
                console.print(f"failed: {failed[-1]}", markup=False)
                continue
            for row in rows:
                results.append_run(path, {"commit": commit, "events": events, **row})
                words = f"{row['variant']} {row['median_seconds']:.2f} s"
                console.print(f"{experiment.name} {where}: {words}", markup=False)
    if not chosen:
        facts = {"storage": storage_facts(bench), "files": experiments.files(bench)}
        complete = {} if failed else {"runs": times}
        results.append_run(path, {"commit": commit, "events": events, **facts, **complete})
        shutil.rmtree(warehouse, ignore_errors=True)
    bench.spark.stop()
    return commit, failed


def faults_of_spark() -> tuple[type[Exception], ...]:
    """What a statement that fails raises."""
    from py4j.protocol import Py4JJavaError  # comes with Spark, which the other commands do without

    return PySparkException, Py4JJavaError


def storage_facts(bench: lab.Lab) -> dict[str, float]:
    """What a write that fails half-way leaves behind, and whether an older version can be read."""
    spark = bench.spark

    def number(sql: str) -> int:
        return spark.sql(sql).collect()[0][0]

    def versions() -> int:
        return max(row.version for row in spark.sql("describe history reliable").collect())

    bench.run("create or replace table reliable using delta as select * from users")
    rows, version = number("select count(*) from reliable"), versions()
    broken = "if(user_id = (select max(user_id) from users), raise_error('stop'), total_events)"
    try:
        bench.run(f"insert into reliable select user_id, {broken} from users")
        failed = 0
    except faults_of_spark():
        failed = 1
    after, version_after = number("select count(*) from reliable"), versions()
    bench.run("delete from reliable where total_events = 1")
    older = number(f"select count(*) from reliable version as of {version}")
    now = number("select count(*) from reliable")
    bench.run("drop table reliable")
    return {
        "failed writes tried": failed,
        "rows of failed writes that readers see": after - rows,
        "versions made by failed writes": version_after - version,
        "rows deleted": rows - now,
        "deleted rows read back by time travel": older - now,
    }


def judged(home: Path) -> tuple[list[dict], list[dict]]:
    """All experiments of all commits and scales with their verdicts, and the technical KPIs."""
    # Of an experiment that was run again, with more runs, the last lines count.
    by_key: dict[tuple, dict] = {}
    for row in results.read_runs(home / "lab.jsonl"):
        key = tuple(row.get(name) for name in KEY)
        by_key.pop(key, None)
        by_key[key] = row
    kept = list(by_key.values())
    # Lines are in the order of their runs: the last one wins.
    latest = {(r["events"], r["experiment"]): r["commit"] for r in kept if "experiment" in r}
    latest_storage = {r["events"]: r["commit"] for r in kept if "storage" in r}
    rows, kpis = [], []
    for commit, events in sorted({(row["commit"], row["events"]) for row in kept}):
        mine = [row for row in kept if (row["commit"], row["events"]) == (commit, events)]
        verdicts = [
            {**row, "is_latest": commit == latest[events, row["experiment"]]}
            for row in lab.judged([row for row in mine if "experiment" in row])
        ]
        rows += verdicts
        facts = next((row for row in reversed(mine) if "storage" in row), {})
        newest = [row for row in verdicts if row["is_latest"]]
        newest_facts = facts if latest_storage.get(events) == commit else {}
        as_last_measured = {kpi["kpi"] for kpi in technical_kpis(newest, newest_facts)}
        kpis += [
            {"commit": commit, "events": events, "is_latest": kpi["kpi"] in as_last_measured, **kpi}
            for kpi in technical_kpis(verdicts, facts)
        ]
    return rows, kpis


def saved(off: float, on: float) -> float:
    """Percent that is less on than off."""
    return 100 * (1 - on / off) if off else 0


FORM, NOT_PUSHED = "filter pushdown: format and filter", "Delta, filter not pushed"
SALTING = (
    *("salting of the anonymous user in a join", "no salt", f"{experiments.BUCKETS} salts"),
    *(f"{experiments.HOT_PERCENT} % of rows on one key, sort-merge join", False),
)
BY_DATE, BY_TIME = (
    f"filter pushdown: one date by {way}" for way in ("partitioning", "data skipping")
)
# KPI, experiment, variant, and the table of which it reads some files.
SKIPPED = [
    ("files skipped by partitioning", BY_DATE, "partitioned by date", "events_by_day"),
    ("files skipped by statistics", BY_TIME, "written in order of time", "events_by_time"),
]
# KPI, unit, figure, what is made of it off and on; experiment, off, on, data and adaptive or not.
READ = [
    (
        *("bytes saved by the format", "%", "bytes_read", saved),
        *(FORM, "CSV", NOT_PUSHED, "as generated", True),
    ),
    (
        *("bytes saved by the pushed filter", "%", "bytes_read", saved),
        *(FORM, NOT_PUSHED, "Delta, filter pushed", "as generated", True),
    ),
]
MOVED = [
    (
        *("shuffles eliminated by the broadcast join", "", "shuffles", lambda off, on: off - on),
        *("broadcast join of the brand dimension", "sort-merge join", "broadcast hint"),
        *("as generated", False),
    ),
    *(
        (
            f"skew of {label} {state} salting, largest / median task",
            *("", figure, (lambda off, on, at=at: (off, on)[at])),
            *SALTING,
        )
        for label, figure in [("rows", "row_skew"), ("time", "task_skew")]
        for state, at in [("before", 0), ("after", 1)]
    ),
]


def technical_kpis(rows: list[dict], facts: dict) -> list[dict]:
    """What the notebook called technical KPIs, from what was measured.

    `facts` are the lines of the lab about storage, and the files of each table; empty for none.
    """
    by_key = {(r["experiment"], r["variant"], r["data"], r["aqe"]): r for r in rows}
    found = [kpi for comparison in READ for kpi in compared(by_key, *comparison)]
    for kpi, experiment, variant, table in SKIPPED:
        row = by_key.get((experiment, variant, "as generated", True))
        if row and table in facts.get("files", {}):
            total, read = facts["files"][table], row["files_read"]
            evidence = f"{experiment}: {variant}, {read} of {total} files read"
            found.append(
                {"kpi": kpi, "value": saved(total, read), "unit": "%", "evidence": evidence}
            )
    found += [kpi for comparison in MOVED for kpi in compared(by_key, *comparison)]
    for name, value in facts.get("storage", {}).items():
        found.append({"kpi": name, "value": float(value), "unit": "", "evidence": "Delta table"})
    return found


def compared(
    by_key: dict[tuple, dict], kpi: str, unit: str, figure: str, compare, *key
) -> Iterator[dict]:
    """A KPI of two variants, where both were measured; `key` says which, as in READ."""
    experiment, off_name, on_name, data, aqe = key
    off, on = (by_key.get((experiment, name, data, aqe)) for name in (off_name, on_name))
    if off and on and None not in (off[figure], on[figure]):
        evidence = f"{experiment}: {off_name} against {on_name}"
        value = float(compare(off[figure], on[figure]))
        yield {"kpi": kpi, "value": value, "unit": unit, "evidence": evidence}


def publish(warehouse: Path, home: Path) -> None:
    """Write the experiments and the technical KPIs as Delta tables."""
    rows, kpis = judged(home)
    write_table(warehouse, "optimizations", rows, lab.OPTIMIZATIONS)
    write_table(warehouse, "technical_kpis", kpis, KPIS)


def report(home: Path, commit: str, events: int) -> None:
    """Print the experiments of one commit and scale, the verdicts and the KPIs."""
    rows, kpis = (
        [row for row in kind if (row["commit"], row["events"]) == (commit, events)]
        for kind in judged(home)
    )
    if not rows:
        console.print(f"Nothing was run at {events:,} events with {commit}.")
        return
    for name, data, aqe in dict.fromkeys((r["experiment"], r["data"], r["aqe"]) for r in rows):
        title = f"{name} ({data}, adaptive execution {'on' if aqe else 'off'})"
        mine = [r for r in rows if (r["experiment"], r["data"], r["aqe"]) == (name, data, aqe)]
        print_experiment(title, mine)
    console.print("\n[bold]Verdicts[/bold]")
    for (experiment, variant), text in lab.conditions(rows).items():
        console.print(f"{experiment}: {variant}: {text}", markup=False)
    console.print("\n[bold]Technical KPIs[/bold]")
    for kpi in kpis:
        console.print(f"{kpi['kpi']}: {kpi['value']:.4g} {kpi['unit']} ({kpi['evidence']})")


def print_experiment(title: str, rows: list[dict]) -> None:
    """One line a variant."""
    table = Table(title=title, title_justify="left")
    columns = ["variant", "seconds", "from - to", "shuffle MB", "spill MB", "files", "read MB"]
    columns += ["shuffles", "skew time", "skew rows", "speed-up", "verdict"]
    for column in columns:
        table.add_column(column, justify="left" if column in ("variant", "verdict") else "right")
    for row in rows:
        table.add_row(
            row["variant"],
            f"{row['median_seconds']:.2f}",
            f"{row['min_seconds']:.2f} - {row['max_seconds']:.2f}",
            *(f"{row[size] / 1e6:.2f}" for size in ("shuffle_bytes", "spill_bytes")),
            str(row["files_read"]),
            f"{row['bytes_read'] / 1e6:.2f}",
            str(row["shuffles"]),
            *(f"{row[s]:.1f}" if row[s] is not None else "" for s in ("task_skew", "row_skew")),
            f"{row['speed_up']:.2f}",
            row["verdict"],
        )
    console.print(table)
    console.print(
        f"  plan: {' | '.join(dict.fromkeys(r['plan_line'] for r in rows))}", markup=False
    )
