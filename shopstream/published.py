"""The published build: which version of each table readers see.

published.json lies in the warehouse and is replaced in one rename, so a reader sees all of one
build or all of another. Tables are read with deltalake at the listed version: no JVM needed.
"""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from deltalake import DeltaTable

SCHEMA_PREFIX = "shopstream_"
PRIVATE_SCHEMAS = {"shopstream_landing", "shopstream_staging", "shopstream_intermediate"}


class NothingPublished(Exception):
    """No build of this warehouse has passed yet."""


def publish(warehouse: Path) -> dict:
    """List the current version of every mart in published.json and return what was written.

    Call it only when every model and test has passed.
    """
    tables = {
        name: {"path": str(path.relative_to(warehouse)), "version": DeltaTable(path).version()}
        for name, path in mart_folders(warehouse).items()
    }
    entry = {"published_at": datetime.now(UTC).isoformat(timespec="seconds"), "tables": tables}
    target = warehouse / "published.json"
    part = target.with_suffix(".part")
    with part.open("w") as file:
        json.dump(entry, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    part.rename(target)
    return entry


def mart_folders(warehouse: Path) -> dict[str, Path]:
    """Folders of the Delta tables that readers may see, by `schema.table`."""
    return {
        f"{folder.parent.stem}.{folder.name}": folder
        for folder in sorted(warehouse.glob(f"{SCHEMA_PREFIX}*.db/*"))
        if folder.parent.stem not in PRIVATE_SCHEMAS and (folder / "_delta_log").is_dir()
    }


def read_published(warehouse: Path) -> dict:
    """The published entry: published_at and tables (path, version) by `schema.table`.

    Raises NothingPublished when there is none.
    """
    try:
        return json.loads((warehouse / "published.json").read_text())
    except FileNotFoundError:
        raise NothingPublished(
            f"no build has been published in {warehouse}; run: make build"
        ) from None


def open_table(warehouse: Path, name: str) -> DeltaTable:
    """One published table, by `schema.table`, at its published version."""
    entry = read_published(warehouse)["tables"][name]
    return DeltaTable(warehouse / entry["path"], version=entry["version"])
