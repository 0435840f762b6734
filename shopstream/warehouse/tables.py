"""Tables as folders: which of them are whole, and how one is removed."""

import re
import shutil
from pathlib import Path

from deltalake import DeltaTable, Field
from deltalake.schema import PrimitiveType

SCHEMA_PREFIX = "shopstream_"
AUDIT_SCHEMA = f"{SCHEMA_PREFIX}dbt_test__audit"
PRIVATE_SCHEMAS = {f"{SCHEMA_PREFIX}{name}" for name in ("landing", "staging", "intermediate")}
PRIVATE_SCHEMAS |= {AUDIT_SCHEMA}
REGISTER = f"{SCHEMA_PREFIX}landing."
ROWS = f"{SCHEMA_PREFIX}staging.stg_rows"
NEW_COLUMNS = [Field("quantity", PrimitiveType("long"))]
REMOVED = ".removed"
IS_COMMIT = re.compile(r"[0-9]{20}\.(json|checkpoint\..*parquet)").fullmatch


def is_table(folder: Path) -> bool:
    """Whether a folder is a Delta table; what a killed run left half made has no commit."""
    log = folder / "_delta_log"
    return log.is_dir() and any(
        IS_COMMIT(path.name) and path.stat().st_size for path in log.iterdir()
    )


def folder_of(warehouse: Path, name: str) -> Path:
    """Where a table lies, by `schema.table`."""
    schema, _, table = name.partition(".")
    return warehouse / f"{schema}.db" / table


def table_folders(warehouse: Path, schemas: str = f"{SCHEMA_PREFIX}*") -> dict[str, Path]:
    """Folders of all Delta tables of the project's schemas, * for all, by `schema.table`."""
    return {
        f"{folder.parent.stem}.{folder.name}": folder
        for folder in sorted(warehouse.glob(f"{schemas}.db/*"))
        if is_table(folder)
    }


def mart_folders(warehouse: Path) -> dict[str, Path]:
    """Folders of the Delta tables that readers may see, by `schema.table`."""
    return {
        name: folder
        for name, folder in table_folders(warehouse).items()
        if folder.parent.stem not in PRIVATE_SCHEMAS
    }


def failing_rows(warehouse: Path) -> dict[str, DeltaTable]:
    """The failing rows of rules that the last build broke, by `schema.rule`."""
    return {
        name: DeltaTable(folder)
        for name, folder in table_folders(warehouse).items()
        if folder.parent.stem == AUDIT_SCHEMA
    }


def add_new_columns(warehouse: Path) -> None:
    """Give the cleaned rows the columns that came with a later version, with nothing in them.

    Before an engine starts, which makes its views over them at once.
    """
    folder = folder_of(warehouse, ROWS)
    if is_table(folder):
        table = DeltaTable(folder)
        held = {field.name for field in table.schema().fields}
        if new := [field for field in NEW_COLUMNS if field.name not in held]:
            table.alter.add_columns(new)


def remove(warehouse: Path, folder: Path) -> None:
    """Remove a table in one step: without half of its log it could not be made anew."""
    aside = warehouse / REMOVED / folder.parent.name
    aside.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(aside / folder.name, ignore_errors=True)
    folder.rename(aside / folder.name)
    shutil.rmtree(warehouse / REMOVED, ignore_errors=True)


def sweep(warehouse: Path) -> None:
    """Remove tables that a killed run left half made; nothing may be writing."""
    for folder in warehouse.glob(f"{SCHEMA_PREFIX}*.db/*"):
        if (folder / "_delta_log").is_dir() and not is_table(folder):
            remove(warehouse, folder)
