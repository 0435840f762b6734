"""Begin anew: a warehouse without what shopstream wrote into it."""

import shutil
from pathlib import Path

from shopstream.config import SAMPLE_MARK
from shopstream.errors import SettingsError
from shopstream.warehouse import checksums, fingerprint, operations, tables, written
from shopstream.warehouse.publishing import unpublish


def empty_warehouse(warehouse: Path) -> None:
    """Remove what shopstream wrote into a warehouse, and nothing else that may lie there.

    Who was erased is remembered, since the landing files may still hold them, and who ran what.
    """
    folders = list(warehouse.glob("shopstream_*.db"))
    if links := [folder for folder in folders if folder.is_symlink()]:
        raise SettingsError(
            f"{links[0]} is a link, and not all that it leads to may be of shopstream: remove the "
            "link by hand, and there what is no longer needed"
        )
    # In this order: cut short, it leaves what the next build makes from nothing.
    shutil.rmtree(warehouse / tables.REMOVED, ignore_errors=True)
    unpublish(warehouse)
    fingerprint.write(warehouse, fingerprint.NOTHING)
    for folder in folders:
        for table in filter(Path.is_dir, folder.iterdir()):
            if table.name not in ("erased_users", operations.NAME):
                tables.remove(warehouse, table)
        if not any(folder.iterdir()):
            folder.rmdir()
    for name in [SAMPLE_MARK, fingerprint.FILE, written.FILE, checksums.FILE]:
        (warehouse / name).unlink(missing_ok=True)
