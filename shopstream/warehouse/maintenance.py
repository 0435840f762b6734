"""Keep the warehouse small: few files in the current versions, none that no listed build needs."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from deltalake import DeltaTable

from shopstream.errors import NothingPublished
from shopstream.published import read_published
from shopstream.warehouse.publishing import delist, last_build_id, publish, publish_again
from shopstream.warehouse.tables import mart_folders, table_folders


@contextmanager
def staying_published(warehouse: Path, writes: Collection[str] = ()) -> Iterator[set[str]]:
    """Tables that hold what readers see do so afterwards, too, and so do those it `writes`.

    All others stay as readers see them. Yields the former.
    """
    held = tables_as_published(warehouse)
    yield held
    if held:
        publish(warehouse, built={*held, *writes})


def maintain(
    warehouse: Path,
    *,
    delist_all: bool = False,
    on_progress: Callable[[str], None] = lambda _: None,
) -> dict[str, int]:
    """Compact the tables, delist old builds, delete files that no listed version needs.

    Tables that are what readers see are so afterwards: compaction makes a version of
    the same rows, and so does deleting files, which Delta notes. With `delist_all` no log is kept
    of what went before. Returns the number of files deleted and files in the current versions, and
    bytes freed.
    """
    before = folder_bytes(warehouse)
    folders = table_folders(warehouse)
    with staying_published(warehouse) as held:
        for name, folder in folders.items():
            on_progress(f"compacting {name}")
            DeltaTable(folder).optimize.compact()
    deleted = files = 0
    listed = listed_versions(warehouse, delist_all=delist_all)
    for name, folder in folders.items():
        on_progress(f"cleaning {name}")
        table = DeltaTable(folder)
        deleted += len(
            table.vacuum(
                retention_hours=0,
                enforce_retention_duration=False,
                dry_run=False,
                full=True,
                keep_versions=sorted(listed.get(name, set()) | {table.version()}),
            )
        )
        files += len(DeltaTable(folder).file_uris())
    if held:
        publish_again(warehouse, held)
    if delist_all:
        listed = listed_versions(warehouse, delist_all=True)
        for name, folder in folders.items():
            _forget_log(folder, listed.get(name, set()))
    return {"deleted": deleted, "files": files, "freed": before - folder_bytes(warehouse)}


def tables_as_published(warehouse: Path) -> set[str]:
    """Tables that hold just what readers see; none after a rollback, which the next build ends."""
    try:
        published = read_published(warehouse)
    except NothingPublished:
        return set()
    if published["build_id"] < last_build_id(published):
        return set()
    shown = {name: entry["version"] for name, entry in published["tables"].items()}
    folders = mart_folders(warehouse).items()
    return {name for name, path in folders if shown.get(name) == DeltaTable(path).version()}


def tables_are_published(warehouse: Path) -> bool:
    """Whether all published tables hold what readers see; not so after a failed build."""
    held = tables_as_published(warehouse)
    return bool(held) and held == set(read_published(warehouse)["tables"])


def listed_versions(warehouse: Path, *, delist_all: bool) -> dict[str, set[int]]:
    """Versions of each table that listed builds show, after old ones are taken off the list."""
    versions = defaultdict(set)
    try:
        delist(warehouse, all_but_current=delist_all)
        for build in read_published(warehouse)["builds"]:
            for name, entry in build["tables"].items():
                versions[name].add(entry["version"])
    except NothingPublished:
        pass
    return versions


def _forget_log(folder: Path, listed: set[int]) -> None:
    """Delete a table's log before all versions in use: its statistics quote values of old rows."""
    first = min(listed | {DeltaTable(folder).version()})
    DeltaTable(folder, version=first).create_checkpoint()
    for path in (folder / "_delta_log").iterdir():
        if path.name[:20].isdigit() and int(path.name[:20]) < first:
            path.unlink()


def folder_bytes(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
