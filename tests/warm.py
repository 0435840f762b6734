"""Many builds in one process: the Spark session starts once and stays warm.

Landing and dbt run as `shopstream build` runs them, without a new process for each.
"""

import json
import os
import shutil
from datetime import date
from pathlib import Path

import oracle
import pyarrow as pa
from dbt.cli.main import dbtRunner
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from shopstream import landing, reload
from shopstream.published import mart_folders

PROJECT = Path(__file__).resolve().parent.parent


class BuildFailed(Exception):
    """A model or test failed; the message names each."""


NO_TESTS = ("--exclude-resource-type", "test", "unit_test")


class WarmWarehouse:
    """A landing folder and a warehouse below `root`; one per process, as a session knows one.

    `only_core` leaves the business marts out, which takes half the time.
    """

    def __init__(self, root: Path, project: Path = PROJECT, *, only_core: bool = True) -> None:
        self.left_out = ("--exclude", "tag:commerce") if only_core else ()
        self.landing, self.warehouse, logs = root / "landing", root / "warehouse", root / "logs"
        os.environ |= {
            "SHOPSTREAM_LANDING": str(self.landing),
            "SHOPSTREAM_WAREHOUSE": str(self.warehouse),
            "SHOPSTREAM_LOGS": str(logs),
            "DBT_LOG_PATH": str(logs),
            "DBT_TARGET_PATH": str(root / "target"),
            "DBT_PROFILES_DIR": str(project),
            "DBT_LOG_LEVEL": "none",
            "DBT_PRINT": "false",
        }
        for folder in (self.landing, self.warehouse, logs, project / "logs"):
            folder.mkdir(parents=True, exist_ok=True)
        os.chdir(project)
        self.is_warm = False

    def dbt(self, *command: str, **variables) -> list[tuple[str, str]]:
        """Run dbt; names of what failed, each with its status and message."""
        options = ["--vars", json.dumps(variables)] if variables else []
        ran = dbtRunner().invoke([*command, *options, "--quiet"])
        self.is_warm = True
        if ran.exception or not ran.result:
            raise BuildFailed(f"dbt {command[0]}: {ran.exception or 'nothing ran'}")
        bad = [r for r in ran.result if r.status in ("error", "fail", "runtime error")]
        return [(r.node.name, f"{r.status}: {' '.join(str(r.message).split())}") for r in bad]

    def build(self, *options: str, **variables) -> landing.LandingResult:
        """Land what is new and bring all tables up to date; raises BuildFailed."""
        landed = landing.land(self.landing, self.warehouse)
        if failed := self.dbt("build", *self.left_out, *(options or NO_TESTS), **variables):
            raise BuildFailed("; ".join(f"{name} ({message[:300]})" for name, message in failed))
        landing.drop_work_copies(self.warehouse)
        return landed

    def backfill(self, first: date | None = None, last: date | None = None, **variables) -> None:
        """Compute dates anew, all by default, from the landing files; raises BuildFailed."""
        var = reload.start_backfill(self.landing, self.warehouse, first, last)
        self.build(**variables, backfill=var)

    def wipe(self) -> None:
        """Nothing is left but the landing files, neither in the warehouse nor in the session."""
        if self.is_warm:
            spark = SparkSession.builder.getOrCreate()
            for (schema,) in spark.sql("show schemas like 'shopstream_*'").collect():
                spark.sql(f"drop schema {schema} cascade")
            spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()
        shutil.rmtree(self.warehouse)
        self.warehouse.mkdir()

    def marts(self) -> dict[str, pa.Table]:
        """The newest version of every table that readers may see, by name."""
        return {
            folder.name: DeltaTable(folder).to_pyarrow_table()
            for folder in mart_folders(self.warehouse).values()
        }

    def differences_from_oracle(self, rules: oracle.Rules | None = None) -> dict[str, str]:
        """Core marts that differ from the independent computation, with the first difference."""
        expected = oracle.core_marts(self.landing, rules or oracle.Rules())
        return oracle.differing(expected, self.marts())
