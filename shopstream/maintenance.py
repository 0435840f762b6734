"""Keep the warehouse small: few files in the current versions, none that no listed build needs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deltalake import DeltaTable

from shopstream.published import (
    NothingPublished,
    delist,
    mart_folders,
    publish,
    read_published,
    table_folders,
)


@contextmanager
def staying_published(warehouse: Path) -> Iterator[None]:
    """What is written meanwhile is published too, where all there is was published before."""
    published_before = tables_are_published(warehouse)
    yield
    if published_before:
        publish(warehouse)


def maintain(
    warehouse: Path,
    *,
    delist_all: bool = False,
    on_progress: Callable[[str], None] = lambda _: None,
) -> dict[str, int]:
    """Compact the tables, delist old builds, delete files that no listed version needs.

    A published build goes on being published at the compacted versions, whose rows are the same.
    Returns the number of files deleted and files in the current versions, and bytes freed.
    """
    before = folder_bytes(warehouse)
    folders = table_folders(warehouse)
    with staying_published(warehouse):
        for name, folder in folders.items():
            on_progress(f"compacting {name}")
            DeltaTable(folder).optimize.compact()
    try:
        delist(warehouse, all_but_current=delist_all)
        builds = read_published(warehouse)["builds"]
    except NothingPublished:
        builds = []
    deleted = files = 0
    for name, folder in folders.items():
        on_progress(f"cleaning {name}")
        table = DeltaTable(folder)
        listed = {b["tables"][name]["version"] for b in builds if name in b["tables"]}
        deleted += len(
            table.vacuum(
                retention_hours=0,
                enforce_retention_duration=False,
                dry_run=False,
                full=True,
                keep_versions=sorted(listed | {table.version()}),
            )
        )
        if delist_all:
            _forget_log(folder)
        files += len(DeltaTable(folder).file_uris())
    return {"deleted": deleted, "files": files, "freed": before - folder_bytes(warehouse)}


def tables_are_published(warehouse: Path) -> bool:
    """Whether readers see just what the tables hold; not so after a failed build or a rollback."""
    try:
        tables = read_published(warehouse)["tables"]
    except NothingPublished:
        return False
    versions = {name: DeltaTable(path).version() for name, path in mart_folders(warehouse).items()}
    return versions == {name: table["version"] for name, table in tables.items()}


def _forget_log(folder: Path) -> None:
    """Delete a table's log before its current version: its statistics quote values of old rows."""
    table = DeltaTable(folder)
    table.create_checkpoint()
    for path in (folder / "_delta_log").iterdir():
        if path.name[:20].isdigit() and int(path.name[:20]) < table.version():
            path.unlink()


def folder_bytes(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
