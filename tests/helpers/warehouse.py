"""A landing folder and a warehouse of a test's own, on which commands run as users run them."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable

from shopstream.warehouse.tables import mart_folders
from tests import oracle

PROJECT = Path(__file__).resolve().parents[2]
REAL_ROWS = PROJECT.parent / "shared" / "data"
BIN = Path(sys.executable).parent


def put_files(landing: Path, files: dict[str, bytes]) -> None:
    """Let files arrive in a landing folder, by their path in it."""
    for name, content in files.items():
        path = landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def types_of(table: DeltaTable) -> dict[str, str]:
    """The columns of a table with their types in Spark's words."""
    words = {"long": "bigint", "integer": "int"}
    fields = json.loads(table.schema().to_json())["fields"]
    return {field["name"]: words.get(field["type"], field["type"]) for field in fields}


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
        return types_of(self.marts()[name])

    def differences_from_oracle(self, rules: oracle.Rules | None = None) -> dict[str, str]:
        """Marts that differ from the independent computation, with the first difference of each."""
        expected = oracle.core_marts(self.landing, rules or oracle.Rules())
        return oracle.differing(expected, {name: self.table(name) for name in expected})
