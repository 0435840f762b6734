"""`python -m bench lab`: each optimization as an experiment, off and on, measured by Spark itself.

An experiment has variants that must give the same answer. Each runs once to warm up and then all
of them several times, each round in another order; seconds are the median. What was shuffled,
spilled and read comes from Spark's status store, of the last run; the verdict is computed from the
medians, a threshold and the speed-ups by round.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

from pyspark.sql import SparkSession

from bench.tables import schema

THRESHOLD = 1.10  # a difference of less is none
FEWEST_RUNS = 5
SHUFFLE, READ = "Exchange", "number of files read"


@dataclass(frozen=True)
class Variant:
    """One way to do the work of an experiment. `work` runs it and gives the answer's hash."""

    name: str
    work: Callable[["Lab"], str]
    settings: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Experiment:
    """`variants`: the first is the optimization off. `telling`: which line of the plan to show."""

    name: str
    variants: list[Variant]
    telling: str
    data: str = "as generated"
    adaptive: tuple[bool, ...] = (True,)


class Lab:
    """A Spark session with the means to ask it questions and see what they cost."""

    def __init__(self, spark: SparkSession, source: Path) -> None:
        self.spark, self.source = spark, source

    def ask(self, *questions: str) -> str:
        """Compute all rows of each query; gives rows and a hash of them, whatever their order."""
        answers = []
        for sql in questions:
            (row,) = self.spark.sql(
                "select count(*) as total_rows, "
                f"hex(sum(xxhash64(*) % 1000000007)) as hash from ({sql})"
            ).collect()
            answers.append(f"{row.total_rows}:{row.hash}")
        return " ".join(answers)

    def run(self, *statements: str) -> None:
        """Run statements that give no rows."""
        for sql in statements:
            self.spark.sql(sql)

    def measure(self, experiment: Experiment, adaptive: bool, times: int) -> list[dict]:
        """One row of the results for each variant, without what other variants decide.

        All variants warm up and then run in rounds, so that what gets faster or slower with time,
        such as the JVM, does so for all of them. What one leaves in memory is cleared before the
        next starts. Raises ValueError where answers change.
        """
        variants = experiment.variants
        answers = [self.once(variant, adaptive) for variant in variants]
        seconds: list[list[float]] = [[] for _ in variants]
        figures: list[dict] = [{} for _ in variants]
        for turn in range(times):
            for at in order(len(variants), turn):
                variant = variants[at]
                self.spark.sparkContext._jvm.System.gc()
                meter = Meter(self.spark)
                started = time.monotonic()
                answer = self.once(variant, adaptive)
                seconds[at].append(round(time.monotonic() - started, 4))
                if answer != answers[at]:
                    raise ValueError(f"{experiment.name}: {variant.name} gives changing answers")
                figures[at] = meter.read(experiment.telling)
        return [
            {
                "experiment": experiment.name,
                "variant": variant.name,
                "is_off": at == 0,
                "data": experiment.data,
                "aqe": adaptive,
                "runs": times,
                "seconds": seconds[at],
                "median_seconds": median(seconds[at]),
                "min_seconds": min(seconds[at]),
                "max_seconds": max(seconds[at]),
                **figures[at],
                "result_hash": answers[at],
            }
            for at, variant in enumerate(variants)
        ]

    def once(self, variant: Variant, adaptive: bool) -> str:
        """Run a variant under its settings; gives the answer's hash."""
        settings = {"spark.sql.adaptive.enabled": str(adaptive).lower(), **variant.settings}
        before = {name: self.spark.conf.get(name, None) for name in settings}
        for name, value in settings.items():
            self.spark.conf.set(name, value)
        try:
            return variant.work(self)
        finally:
            for name, value in before.items():
                self.spark.conf.unset(name) if value is None else self.spark.conf.set(name, value)


def order(variants: int, turn: int) -> list[int]:
    """In which order so many variants run in a round, as positions.

    Williams's design (Aust. J. Sci. Res. 1949) for an even number: in as many rounds each variant
    has each place once and follows each other one once, so none gains by what runs before it. Of
    an odd number each has each place once.
    """
    zigzag = [(at + 1) // 2 if at % 2 else -(at // 2) for at in range(variants)]
    return [(place + turn) % variants for place in zigzag]


class Meter:
    """What Spark did since the meter was made, from its status store."""

    def __init__(self, spark: SparkSession) -> None:
        self.context = spark.sparkContext._jsc.sc()
        self.gateway = spark.sparkContext._gateway
        self.sql = spark._jsparkSession.sharedState().statusStore()
        self.settle()
        self.jobs = {job.jobId() for job in self.all_jobs()}
        self.executions = {execution.executionId() for execution in self.all_executions()}
        self.bytes_before = self.bytes_from_files()

    def settle(self) -> None:
        """Events of Spark arrive late."""
        self.context.listenerBus().waitUntilEmpty()

    def all_jobs(self) -> list:
        """Jobs that Spark remembers."""
        return items(self.context.statusStore().jobsList(None))

    def all_executions(self) -> list:
        """Queries that Spark remembers."""
        return items(self.sql.executionsList())

    def bytes_from_files(self) -> int:
        """Bytes that Hadoop's file systems have read so far: logs and footers too, no cache.

        Spark's own count of a stage's input takes blocks of its cache for read.
        """
        systems = self.gateway.jvm.org.apache.hadoop.fs.FileSystem.getAllStatistics()
        return sum(statistics.getBytesRead() for statistics in systems)

    def read(self, telling: str) -> dict:
        """Sums over the stages and scans since the start, and the plan's telling line."""
        self.settle()
        stages = self.stages()
        queries = [e for e in self.all_executions() if e.executionId() not in self.executions]
        nodes = [(query, node) for query in queries for node in self.nodes(query)]
        skew, row_skew = self.skew(stages)
        return {
            "shuffle_bytes": sum(stage.shuffleWriteBytes() for stage in stages),
            "spill_bytes": sum(stage.diskBytesSpilled() for stage in stages),
            "files_read": sum(self.files_of(query, node) for query, node in nodes),
            "bytes_read": self.bytes_from_files() - self.bytes_before,
            "shuffles": sum(node.name() == SHUFFLE for _, node in nodes),
            "tasks": sum(stage.numCompleteTasks() for stage in stages),
            "task_skew": skew,
            "row_skew": row_skew,
            "plan_line": telling_line([q.physicalPlanDescription() for q in queries], telling),
        }

    def stages(self) -> list:
        """Stages that ran since the start."""
        store = self.context.statusStore()
        ids = {
            stage_id
            for job in self.all_jobs()
            if job.jobId() not in self.jobs
            for stage_id in items(job.stageIds())
        }
        found = [store.lastStageAttempt(stage_id) for stage_id in sorted(ids)]
        return [stage for stage in found if stage.status().toString() == "COMPLETE"]

    def nodes(self, query) -> list:
        """Operators of a query's last plan."""
        return items(self.sql.planGraph(query.executionId()).allNodes())

    def files_of(self, query, node) -> int:
        """Files that an operator read; 0 for all but scans."""
        wanted = [metric for metric in items(node.metrics()) if metric.name() == READ]
        if not wanted:
            return 0
        values = self.sql.executionMetrics(query.executionId())
        value = values.get(wanted[0].accumulatorId())
        return int(value.get().replace(",", "")) if value.isDefined() else 0

    def skew(self, stages: list) -> tuple[float | None, float | None]:
        """Greatest over median task of the longest stage after a shuffle: in time, and in rows."""
        after = [s for s in stages if s.shuffleReadBytes() > 0 and s.numCompleteTasks() > 1]
        if not after:
            return None, None
        longest = max(after, key=lambda stage: stage.executorRunTime())
        points = self.gateway.new_array(self.gateway.jvm.double, 2)
        points[0], points[1] = 0.5, 1.0
        store = self.context.statusStore()
        summary = store.taskSummary(longest.stageId(), longest.attemptId(), points)
        if not summary.isDefined():
            return None, None
        times = items(summary.get().executorRunTime())
        rows = items(summary.get().shuffleReadMetrics().readRecords())
        return tuple(round(top / max(middle, 1), 2) for middle, top in (times, rows))


def items(sequence) -> list:
    """A Scala sequence as a list."""
    return [sequence.apply(at) for at in range(sequence.size())]


def telling_line(plans: list[str], telling: str) -> str:
    """The first line of the last plan that has one that matches, without its numbering.

    Of an adaptive plan that is one of the final plan: what it had been before is cut out, and the
    details of its operators come after those of the final one. Empty for none.
    """
    found = []
    for plan in plans:
        ran = re.sub(r"== Initial Plan ==.*?\n\n", "\n\n", plan, count=1, flags=re.DOTALL)
        found += [line for line in ran.splitlines() if re.search(telling, line)][:1]
    line = re.sub(r"^[\s+:*-]*(\(\d+\) )?", "", found[-1]) if found else ""
    return re.sub(r"#\d+L?|file:/[^\]\s]*/|, ENSURE_\w+|, \[plan_id=\d+\]", "", line)[:200]


# --- from figures to verdicts ----------------------------------------------------------------


def judged(rows: list[dict]) -> list[dict]:
    """The rows with speed_up against off under the same conditions, a verdict, and if equal."""
    off = {(r["experiment"], r["data"], r["aqe"]): r for r in rows if r["is_off"]}
    found = []
    for row in rows:
        base = off.get((row["experiment"], row["data"], row["aqe"]))
        if base is None:
            continue
        speed_up = round(base["median_seconds"] / row["median_seconds"], 3)
        verdict = "off" if row["is_off"] else verdict_of(base, row)
        found.append(row | {"speed_up": speed_up, "verdict": verdict})
    return found


def verdict_of(off: dict, on: dict) -> str:
    """What the seconds of a variant say; nothing when the answers differ."""
    if on["result_hash"] != off["result_hash"]:
        return "wrong answer"
    if min(len(row.get("seconds", ())) for row in (off, on)) < FEWEST_RUNS:
        return "too few runs"
    speed_up = off["median_seconds"] / on["median_seconds"]
    by_round = [one / other for one, other in zip(off["seconds"], on["seconds"], strict=False)]
    low, _, high = quantiles(by_round, n=4)  # the middle half of the rounds
    if 1 / THRESHOLD < speed_up < THRESHOLD:
        return "no difference" if low > 1 / THRESHOLD and high < THRESHOLD else "too noisy"
    if low <= 1 <= high:
        return "too noisy"
    return "helps" if speed_up > 1 else "hurts"


def conditions(rows: list[dict]) -> dict[tuple[str, str], str]:
    """For each experiment and variant, under which of the tried conditions it helps or hurts."""
    tried: dict[tuple[str, str], list[dict]] = {}
    for row in rows:
        if not row["is_off"]:
            tried.setdefault((row["experiment"], row["variant"]), []).append(row)
    return {key: condition_of(of_one) for key, of_one in tried.items()}


def condition_of(rows: list[dict]) -> str:
    """One sentence over the rows of a variant."""
    by_verdict: dict[str, list[str]] = {}
    for row in rows:
        where = f"{row['data']}, adaptive {'on' if row['aqe'] else 'off'}"
        by_verdict.setdefault(row["verdict"], []).append(f"{where} ({row['speed_up']:.2f}x)")
    return "; ".join(f"{verdict}: {', '.join(where)}" for verdict, where in by_verdict.items())


OPTIMIZATIONS = schema(
    """
    commit string, events int64, is_latest bool, experiment string, variant string,
    is_off bool, data string, aqe bool, runs int64, median_seconds double,
    min_seconds double, max_seconds double, shuffle_bytes int64, spill_bytes int64,
    files_read int64, bytes_read int64, shuffles int64, tasks int64, task_skew double,
    row_skew double, plan_line string, result_hash string, speed_up double,
    verdict string
    """
)
