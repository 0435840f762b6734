"""Many builds in one process: the Spark session starts once and stays warm.

Landing and dbt run as `shopstream build` runs them, without a new process for each.
"""

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
from dbt.adapters.sail.connections import SailConnectionManager
from dbt.cli.main import dbtRunner
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from shopstream.intake import corrections, landing
from shopstream.intake.committer import LandingResult
from shopstream.run.build import LEAVE_OUT_COMMERCE
from shopstream.warehouse.tables import mart_folders
from tests import oracle
from tests.helpers.warehouse import PROJECT


class BuildFailed(Exception):
    """A model or test failed; the message names each."""


WITH_TESTS = ("--exclude-resource-type", "unit_test")
NO_TESTS = ("--exclude-resource-type", "test", "unit_test")


@dataclass(frozen=True)
class Built:
    """What a build gave: a folder with the files it was made from, and its marts by name."""

    landing: Path
    marts: dict[str, pa.Table]

    def table(self, name: str) -> pa.Table:
        """The rows of a mart."""
        return self.marts[name]

    def differences_from_oracle(self, rules: oracle.Rules | None = None) -> dict[str, str]:
        """Core marts that differ from the independent computation, with the first difference."""
        expected = oracle.core_marts(self.landing, rules or oracle.Rules())
        return oracle.differing(expected, self.marts)


def marts_of(warehouse: Path) -> dict[str, pa.Table]:
    """The newest version of every table that readers may see, by name."""
    return {
        folder.name: DeltaTable(folder).to_pyarrow_table()
        for folder in mart_folders(warehouse).values()
    }


def session() -> SparkSession:
    """The session in which dbt has worked."""
    if server := SailConnectionManager._server:
        host, port = server.listening_address
        return SparkSession.builder.remote(f"sc://{host}:{port}").getOrCreate()
    return SparkSession.builder.getOrCreate()


class WarmWarehouse:
    """A landing folder and a warehouse below `root`; one per process, as a session knows one."""

    def __init__(self, root: Path, project: Path = PROJECT) -> None:
        self.landing, self.warehouse, logs = root / "landing", root / "warehouse", root / "logs"
        self.project = project
        self.environment = {
            "SHOPSTREAM_LANDING": str(self.landing),
            "SHOPSTREAM_WAREHOUSE": str(self.warehouse),
            "SHOPSTREAM_LOGS": str(logs),
            "DBT_LOG_PATH": str(logs),
            "DBT_TARGET_PATH": str(root / "target"),
            "DBT_PROFILES_DIR": str(project),
            "DBT_LOG_LEVEL": "none",
            "DBT_PRINT": "false",
            # Nobody reads the manifest of these builds; to write it twice takes a seventh of one.
            "DBT_WRITE_JSON": "false",
        }
        for folder in (self.landing, self.warehouse, logs, project / "logs"):
            folder.mkdir(parents=True, exist_ok=True)
        self.is_warm = False

    @contextmanager
    def _in_place(self) -> Iterator[None]:
        """dbt goes by the environment and the folder; other tests must not see either."""
        before, folder = {name: os.environ.get(name) for name in self.environment}, Path.cwd()
        os.environ |= self.environment
        os.chdir(self.project)
        try:
            yield
        finally:
            os.chdir(folder)
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})

    def dbt(self, *command: str, **variables) -> list[tuple[str, str]]:
        """Run dbt; names of what failed, each with its status and message."""
        options = ["--vars", json.dumps(variables)] if variables else []
        with self._in_place():
            ran = dbtRunner().invoke([*command, *options, "--quiet"])
        self.is_warm = True
        if ran.exception or not ran.result:
            raise BuildFailed(f"dbt {command[0]}: {ran.exception or 'nothing ran'}")
        bad = [r for r in ran.result if r.status in ("error", "fail", "runtime error")]
        return [(r.node.name, f"{r.status}: {' '.join(str(r.message).split())}") for r in bad]

    def build(self, *options: str, all_marts: bool = False, **variables) -> LandingResult:
        """Land what is new and bring tables up to date; raises BuildFailed.

        Business marts only with `all_marts`: they take as long again.
        """
        landed = landing.land(self.landing, self.warehouse)
        left_out = [] if all_marts else LEAVE_OUT_COMMERCE
        if failed := self.dbt("build", *left_out, *(options or NO_TESTS), **variables):
            raise BuildFailed("; ".join(f"{name} ({message[:300]})" for name, message in failed))
        landing.drop_work_copies(self.warehouse)
        return landed

    def backfill(self, first: date | None = None, last: date | None = None, **variables) -> None:
        """Compute dates anew, all by default, from the landing files; raises BuildFailed."""
        var = corrections.start_backfill(self.landing, self.warehouse, first, last)
        self.build(**variables, backfill=var)

    def wipe(self) -> None:
        """Nothing is left but the landing files, neither in the warehouse nor in the session."""
        if self.is_warm:
            spark = session()
            for schema, *_ in spark.sql("show schemas like 'shopstream_*'").collect():
                spark.sql(f"drop schema {schema} cascade")
            if not SailConnectionManager._server:
                spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()
        shutil.rmtree(self.warehouse)
        self.warehouse.mkdir()

    def start(self, files: Iterable[Path] = ()) -> None:
        """Begin anew with copies of these files in the landing folder."""
        self.wipe()
        shutil.rmtree(self.landing)
        self.landing.mkdir()
        for file in files:
            copy = shutil.copytree if file.is_dir() else shutil.copy
            copy(file, self.landing / file.name)

    def save(self, folder: Path) -> None:
        """Copy landing files and tables to a folder."""
        shutil.copytree(self.landing, folder / "landing")
        shutil.copytree(self.warehouse, folder / "warehouse")

    def marts(self) -> dict[str, pa.Table]:
        """The newest version of every table that readers may see, by name."""
        return marts_of(self.warehouse)

    def differences_from_oracle(self, rules: oracle.Rules | None = None) -> dict[str, str]:
        """Core marts that differ from the independent computation, with the first difference."""
        return Built(self.landing, self.marts()).differences_from_oracle(rules)
