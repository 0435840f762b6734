"""Run by test_bench in a process of its own: the Spark contenders and the lab, one session.

python -m tests.campaigns.bench_in_spark SOURCE TARGET
"""

import json
import sys
from pathlib import Path

from bench import experiments, lab, notebook, plain, rows_again, run_lab, spark_floor
from bench.spark import session
from bench.steps import Steps


def main(source: Path, target: Path) -> None:
    """Make the tables of both ways, each in a folder of `target`, and target/lab.json.

    target/warehouse holds tables of rows to be written again.
    """
    spark = session(target, **run_lab.SETTINGS)
    for way in (plain, notebook):
        name = way.__name__.rpartition(".")[2]
        spark.sql(f"create database {name} location '{target / name}'")
        spark.sql(f"use {name}")
        way.make(spark, source, Steps(target))
    spark_floor.copy(spark, source, target)
    rows_again.write_again(spark, target / "warehouse", target / "again")
    spark.sql("use default")
    bench = lab.Lab(spark, source)
    experiments.prepare(bench)
    rows = [
        row
        for experiment in experiments.experiments(spark)
        # Without adaptive execution only what the KPIs need, for the time it takes.
        for adaptive in (experiment.adaptive if "broadcast" in experiment.name else [True])
        for row in bench.measure(experiment, adaptive, times=1)
    ]
    facts = {"storage": run_lab.storage_facts(bench), "files": experiments.files(bench)}
    (target / "lab.json").write_text(json.dumps({"rows": rows, "facts": facts}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
