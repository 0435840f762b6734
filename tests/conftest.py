"""What the tests share: a warehouse that is built the way users build one, and the real rows."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import oracle
import pyarrow as pa
import pytest
from deltalake import DeltaTable
from warm import Built, WarmWarehouse

from shopstream.published import mart_folders
from shopstream.sample import generate

PROJECT = Path(__file__).resolve().parent.parent
REAL_ROWS = PROJECT.parent / "shared" / "data"
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Warehouse:
    """A landing folder and a warehouse of their own below `root`."""

    root: Path

    @property
    def landing(self) -> Path:
        return self.root / "landing"

    def environment(self) -> dict[str, str]:
        """The environment in which shopstream and dbt work on this warehouse."""
        return {
            **os.environ,
            "SHOPSTREAM_LANDING": str(self.landing),
            "SHOPSTREAM_WAREHOUSE": str(self.root / "warehouse"),
            "SHOPSTREAM_LOGS": str(self.root / "logs"),
            "DBT_TARGET_PATH": str(self.root / "target"),
            "DBT_LOG_PATH": str(self.root / "logs"),
        }

    def run(self, *command: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess:
        """Run shopstream or dbt against this warehouse; its output is kept as text."""
        self.landing.mkdir(parents=True, exist_ok=True)
        return subprocess.run(
            [str(BIN / command[0]), *command[1:]],
            cwd=PROJECT,
            env=self.environment() | variables,
            text=True,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def build(self, *options: str, expect: int = 0) -> str:
        """`shopstream build`, which must exit with `expect`; returns what it printed."""
        ran = self.run("shopstream", "build", *options)
        assert ran.returncode == expect, ran.stdout
        return ran.stdout

    def marts(self) -> dict[str, DeltaTable]:
        """The newest version of every mart, by name."""
        folders = mart_folders(self.root / "warehouse").values()
        return {folder.name: DeltaTable(folder) for folder in folders}

    def table(self, name: str) -> pa.Table:
        """The rows of the newest version of a mart."""
        return self.marts()[name].to_pyarrow_table()

    def column_types(self, name: str) -> dict[str, str]:
        """The columns of a mart with their types in the words of the contract."""
        words = {"long": "bigint", "integer": "int"}
        fields = json.loads(self.marts()[name].schema().to_json())["fields"]
        return {field["name"]: words.get(field["type"], field["type"]) for field in fields}

    def differences_from_oracle(self, rules: oracle.Rules | None = None) -> dict[str, str]:
        """Marts that differ from the independent computation, with the first difference of each."""
        expected = oracle.core_marts(self.landing, rules or oracle.Rules())
        return oracle.differing(expected, {name: self.table(name) for name in expected})


@pytest.fixture(scope="session")
def real_rows() -> Path:
    """Folder of the real rows; the test is skipped where it is absent."""
    if not REAL_ROWS.is_dir():
        pytest.skip(f"no real rows in {REAL_ROWS}")
    return REAL_ROWS


@pytest.fixture(scope="session")
def sample_files(tmp_path_factory) -> list[Path]:
    """The sample with one more day, in the order of the days."""
    return generate(tmp_path_factory.mktemp("sample"), days=32)


@pytest.fixture(scope="session")
def daily(tmp_path_factory, sample_files) -> Warehouse:
    """The sample, built; then the next day's file, built again."""
    warehouse = Warehouse(tmp_path_factory.mktemp("daily"))
    warehouse.landing.mkdir()
    for file in sample_files[:-1]:
        shutil.copy(file, warehouse.landing)
    warehouse.build()
    assert warehouse.differences_from_oracle() == {}
    shutil.copy(sample_files[-1], warehouse.landing)
    warehouse.build()
    return warehouse


@pytest.fixture(scope="session")
def session(tmp_path_factory) -> WarmWarehouse:
    """The one Spark session of this process: many builds for the time of one start."""
    return WarmWarehouse(tmp_path_factory.mktemp("session"))


@pytest.fixture(scope="session")
def real(tmp_path_factory, real_rows, session) -> Built:
    """The real rows, built with all marts and tests by dbt alone."""
    landing = tmp_path_factory.mktemp("real")
    shutil.copy(next(real_rows.glob("*.csv")), landing)
    session.start(landing.iterdir())
    session.build("--exclude-resource-type", "unit_test", all_marts=True)
    return Built(landing, session.marts())


@pytest.fixture(scope="session")
def warehouse(request) -> Path:
    """A warehouse with all marts; SHOPSTREAM_TEST_WAREHOUSE names one that is built already."""
    held = os.environ.get("SHOPSTREAM_TEST_WAREHOUSE")
    return Path(held) if held else request.getfixturevalue("daily").root / "warehouse"
