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

from shopstream.config import SAMPLE_MARK, Settings
from shopstream.errors import BuildError
from shopstream.intake import erased_ids, landing
from shopstream.published import open_table, read_published

# Their grain is a build or a load, and another warehouse has had others.
OF_ONE_BUILD = {"builds", "model_runs", "test_results", "late_arrivals"}
OF_ONE_LOAD = {"load_id", "first_load_id", "last_load_id", "loaded_at", "seen_at"}
# A date that no backfill was asked for keeps its older rules.
OF_ONE_LOAD |= {"rules_versions"}


def differences(settings: Settings, target: str) -> dict[str, str]:
    """Published tables that the engine of a target makes otherwise, each with what differs first.

    Raises BuildError where it can't build, NothingPublished where there is nothing to compare.
    """
    published = read_published(settings.warehouse)
    only_core = bool((published.get("made_from") or {}).get("only_core"))
    with tempfile.TemporaryDirectory(prefix=".verify-", dir=settings.warehouse.parent) as folder:
        other = Path(folder) / "warehouse"
        _copy_register(settings.warehouse, other)
        rebuild(settings, other, target, only_core=only_core)
        return unequal(settings.warehouse, published, other)


def _copy_register(warehouse: Path, other: Path) -> None:
    """What has landed, whether it is the sample, who was erased and by which key they are known."""
    register = f"{landing.SCHEMA}.db"
    shutil.copytree(warehouse / register, other / register)
    for source, target in (
        (warehouse / SAMPLE_MARK, other / SAMPLE_MARK),
        (erased_ids.beside(warehouse), erased_ids.beside(other)),
    ):
        if source.exists():
            shutil.copy(source, target)


def unequal(warehouse: Path, published: dict, other: Path) -> dict[str, str]:
    """Tables of a published build that another warehouse does not publish alike, and how."""
    builds = ((warehouse, published), (other, read_published(other)))
    names, theirs = (compared(build) for _, build in builds)
    found = {name: "only one engine has it" for name in names ^ theirs}
    for name in sorted(names & theirs):
        tables = (open_table(place, name, build).to_pyarrow_table() for place, build in builds)
        if words := first_difference(*tables):
            found[name] = words
    return found


def compared(published: dict) -> set[str]:
    """Names, `schema.table`, of the tables of a build that do not tell of one build."""
    return {name for name in published["tables"] if name.split(".")[1] not in OF_ONE_BUILD}


def rebuild(settings: Settings, warehouse: Path, target: str, *, only_core: bool) -> None:
    """Build all that is registered in a warehouse from the landing files, on another engine."""
    command = [sys.executable, "-m", "shopstream", "build"]
    options = ["--full-refresh", *(["--core"] if only_core else [])]
    places = {
        "SHOPSTREAM_WAREHOUSE": str(warehouse),
        "SHOPSTREAM_SAMPLE": str(settings.sample),
        "SHOPSTREAM_LOGS": str(settings.logs / "verify"),
        "DBT_TARGET_PATH": str(warehouse.parent / "target"),
        "DBT_TARGET": target,
        "SHOPSTREAM_HOOK": "",
    }
    if settings.landing.is_dir():  # a name for one that is not there is refused
        places["SHOPSTREAM_LANDING"] = str(settings.landing)
    ran = subprocess.run([*command, *options], env=os.environ | places, capture_output=True)
    # 3: a file was refused, as it was in the first build.
    if ran.returncode not in (0, 3):
        said = (ran.stdout + ran.stderr).decode(errors="replace").strip().splitlines()
        raise BuildError(
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
    if apart := first_row_apart(ours, theirs, shown):
        words, row = apart
        return f"it {words} {dict(zip(types[0], row, strict=True))}"
    return None


def first_row_apart(ours: pa.Table, theirs: pa.Table, shown: str) -> tuple[str, list[str]] | None:
    """Whether theirs `lacks` or `adds` rows, as `shown` selects them, and the first of these."""
    with duckdb.connect() as db:
        db.register("ours", ours)
        db.register("theirs", theirs)
        for words, first, second in (("lacks", "ours", "theirs"), ("adds", "theirs", "ours")):
            rows = f"select {shown} from {first} except all select {shown} from {second}"
            row = db.execute(f"select * from ({rows}) order by all limit 1").fetchone()
            if row:
                return words, [*map(str, row)]
    return None
