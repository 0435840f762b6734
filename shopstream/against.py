"""Build what has landed once more on another engine, and compare all published tables.

The tables lie in a scratch warehouse, which goes away. Rows are compared as they are; sums of
doubles to nine digits, since engines add them up in different orders.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import pyarrow as pa

from shopstream.config import Settings
from shopstream.published import open_table, read_published

# What a build notes of itself, and of the loads it came in.
OF_ONE_BUILD = {"builds", "model_runs", "test_results", "late_arrivals"}
OF_ONE_LOAD = {"load_id", "first_load_id", "last_load_id", "loaded_at", "seen_at"}
# A date that no backfill was asked for keeps its older rules.
OF_ONE_LOAD |= {"rules_versions"}


class AgainstError(Exception):
    """Why the other engine gave no tables, and where its log is."""


def differences(settings: Settings, target: str, *, only_core: bool) -> dict[str, str]:
    """Published tables that the engine of a target makes otherwise, each with what differs first.

    Raises AgainstError where it can't build, NothingPublished where there is nothing to compare.
    """
    names = compared(settings.warehouse)
    parent = settings.warehouse.parent
    with tempfile.TemporaryDirectory(prefix=".verify-", dir=parent) as folder:
        other = Path(folder) / "warehouse"
        register = settings.warehouse / "shopstream_landing.db"
        shutil.copytree(register, other / register.name)
        rebuild(settings, other, target, only_core=only_core)
        theirs = compared(other)
        found = {name: "only one engine has it" for name in names ^ theirs}
        for name in sorted(names & theirs):
            tables = (open_table(each, name) for each in (settings.warehouse, other))
            if words := first_difference(*(table.to_pyarrow_table() for table in tables)):
                found[name] = words
    return found


def compared(warehouse: Path) -> set[str]:
    """Names, `schema.table`, of the published tables that do not tell of one build."""
    published = read_published(warehouse)["tables"]
    return {name for name in published if name.split(".")[1] not in OF_ONE_BUILD}


def rebuild(settings: Settings, warehouse: Path, target: str, *, only_core: bool) -> None:
    """Build all that is registered in a warehouse from the landing files, on another engine."""
    command = [sys.executable, "-c", "from shopstream.cli import main; main()", "build"]
    options = ["--full-refresh", *(["--core"] if only_core else [])]
    places = {
        "SHOPSTREAM_WAREHOUSE": str(warehouse),
        "SHOPSTREAM_LANDING": str(settings.landing),
        "SHOPSTREAM_LOGS": str(settings.logs / "verify"),
        "DBT_TARGET_PATH": str(warehouse.parent / "target"),
        "DBT_TARGET": target,
        "SHOPSTREAM_HOOK": "",
    }
    ran = subprocess.run([*command, *options], env=os.environ | places, capture_output=True)
    # 3: a file was refused, as it was in the first build.
    if ran.returncode not in (0, 3):
        said = (ran.stdout + ran.stderr).decode(errors="replace").strip().splitlines()
        raise AgainstError(
            f"{target} did not build: {said[-1] if said else 'it said nothing'}. Its log is in "
            f"{settings.logs / 'verify'}"
        )


def first_difference(ours: pa.Table, theirs: pa.Table) -> str | None:
    """None where both tables hold the same columns, types and rows; else what differs first."""
    columns = [name for name in ours.column_names if name not in OF_ONE_LOAD]
    types = [
        {name: table.schema.field(name).type for name in table.column_names if name in columns}
        for table in (ours, theirs)
    ]
    if types[0] != types[1] or set(theirs.column_names) - OF_ONE_LOAD != set(columns):
        return f"columns {theirs.schema.names}, published are {ours.schema.names}"
    shown = ", ".join(
        f'printf(\'%.9g\', "{name}") as "{name}"' if kind == pa.float64() else f'"{name}"'
        for name, kind in types[0].items()
    )
    with duckdb.connect() as db:
        db.register("ours", ours)
        db.register("theirs", theirs)
        for words, first, second in (("lacks", "ours", "theirs"), ("adds", "theirs", "ours")):
            rows = f"select {shown} from {first} except all select {shown} from {second}"
            row = db.execute(f"select * from ({rows}) order by all limit 1").fetchone()
            if row:
                return f"it {words} {dict(zip(types[0], map(str, row), strict=True))}"
    return None
