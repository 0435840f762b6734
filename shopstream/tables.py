"""Tables as folders: which of them are whole, and how one is removed."""

import re
import shutil
from pathlib import Path

SCHEMA_PREFIX = "shopstream_"
REMOVED = ".removed"
IS_COMMIT = re.compile(r"[0-9]{20}\.(json|checkpoint\..*parquet)").fullmatch


def is_table(folder: Path) -> bool:
    """Whether a folder is a Delta table; what a killed run left half made has no commit."""
    log = folder / "_delta_log"
    return log.is_dir() and any(
        IS_COMMIT(path.name) and path.stat().st_size for path in log.iterdir()
    )


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
