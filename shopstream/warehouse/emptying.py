"""Begin anew: a warehouse without what shopstream wrote into it."""

import shutil
from pathlib import Path

from shopstream.config import SAMPLE_MARK
from shopstream.warehouse import checksums, fingerprint, operations, tables, written
from shopstream.warehouse.publishing import unpublish


def empty_warehouse(warehouse: Path) -> None:
    """Remove what shopstream wrote into a warehouse, and nothing else that may lie there.

    Who was erased is remembered, since the landing files may still hold them, and who ran what.
    """
    # In this order: cut short, it leaves what the next build makes from nothing.
    shutil.rmtree(warehouse / tables.REMOVED, ignore_errors=True)
    unpublish(warehouse)
    fingerprint.write(warehouse, fingerprint.NOTHING)
    for folder in warehouse.glob("shopstream_*.db"):
        for table in folder.iterdir():
            if table.name not in ("erased_users", operations.NAME):
                tables.remove(warehouse, table)
        if not any(folder.iterdir()):
            folder.rmdir()
    for name in [SAMPLE_MARK, fingerprint.FILE, written.FILE, checksums.FILE]:
        (warehouse / name).unlink(missing_ok=True)
