"""Publish tables, and go back: published.json is replaced in one rename.

So a reader sees all of one build or all of another. Beside it lies a copy, from which it is
restored.
"""

import json
from collections.abc import Container
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deltalake import DeltaTable

from shopstream import disk
from shopstream.errors import NothingPublished
from shopstream.published import COPY, FILE, checksum, parsed, read_published
from shopstream.warehouse import checksums
from shopstream.warehouse.tables import is_table, mart_folders

# Builds that readers can be rolled back to. Delta's own retention (profiles.yml) is longer than
# the age, so that Spark too can read every listed version.
LISTED_BUILDS, LISTED_FOR = 30, timedelta(days=60)


def publish(
    warehouse: Path,
    made_from: dict | None = None,
    built: Container[str] | None = None,
    build_id: int | None = None,
) -> dict:
    """Publish the tables `built`, all by default, at their current versions as a new build.

    Others are carried over as readers see them now, or left out where they see none. `made_from`
    says what decided the rows; None when they are those of the build before. `build_id` is the
    number that the build was noted under, the next by default. Returns the build.

    Call it only when every model and test of the tables `built` has passed.
    """
    now, before = datetime.now(UTC), published_so_far(warehouse)
    new = {
        "build_id": build_id or next_build_id(warehouse),
        "published_at": now.isoformat(timespec="seconds"),
        "made_from": made_from or before.get("made_from"),
        "tables": _tables(warehouse, built, before.get("tables", {})),
    }
    return _write(warehouse, new, _still_listed([new, *before["builds"]], now))


def publish_again(warehouse: Path, tables: Container[str]) -> dict:
    """Show these tables at their current versions, which must hold the same rows, in one build."""
    published = read_published(warehouse)
    current = _shown_build(published)
    current["tables"] = _tables(warehouse, tables, current["tables"])
    return _write(warehouse, current, published["builds"])


def _shown_build(published: dict) -> dict:
    """The build that readers see, as it stands in the list."""
    return next(b for b in published["builds"] if b["build_id"] == published["build_id"])


def _tables(warehouse: Path, built: Container[str] | None, shown: dict) -> dict[str, dict]:
    """Entries of tables: current ones of what was built, those of `shown` of what was not."""
    folders = mart_folders(warehouse)
    new = {
        str(path.relative_to(warehouse)): DeltaTable(path)
        for name, path in folders.items()
        if built is None or name in built
    }
    sums, entries = checksums.note(warehouse, new), {}
    for name, folder in folders.items():
        path = str(folder.relative_to(warehouse))
        if path in new:
            version = new[path].version()
            entries[name] = {"path": path, "version": version, "checksum": sums[path]}
        elif name in shown:
            entries[name] = shown[name]
    return entries


def carried_over(warehouse: Path, build: dict, built: Container[str]) -> str:
    """Which tables of a build this run had no part in, in a line; empty for none."""
    others = [name for name in mart_folders(warehouse) if name not in built]
    kept = [name for name in others if name in build["tables"]]
    left_out = [name for name in others if name not in build["tables"]]
    words = [
        f"{what}: {', '.join(names[:3])}{f' and {len(names) - 3} more' if names[3:] else ''}"
        for what, names in (("stay as published before", kept), ("are left out", left_out))
        if names
    ]
    return f"Tables that this run did not build and test {'; '.join(words)}." if words else ""


def next_build_id(warehouse: Path) -> int:
    """Number that the next published build will have: no build has had it, listed or not."""
    return last_build_id(published_so_far(warehouse)) + 1


def last_build_id(published: dict) -> int:
    """Highest number that any build has had, by what `read_published` gave."""
    # Older files, without `last_build_id`, have only the list.
    listed = [build["build_id"] for build in published["builds"]]
    return max([*listed, published.get("last_build_id", 0)])


def published_so_far(warehouse: Path) -> dict:
    """What `read_published` gives, or no builds where nothing is published; their last number.

    Raises PublishedLost.
    """
    try:
        return read_published(warehouse)
    except NothingPublished:
        return {"builds": [], "last_build_id": _last_noted(warehouse)}


def _last_noted(warehouse: Path) -> int:
    """The highest number in the history of builds, which outlives a lost list; 0 for none."""
    folder = warehouse / "shopstream_performance.db" / "builds"
    if not is_table(folder):
        return 0
    noted = DeltaTable(folder).to_pyarrow_table(columns=["build_id"])["build_id"]
    return max(noted.to_pylist(), default=0)


def roll_back(warehouse: Path, build_id: int | None = None) -> dict:
    """Show readers an earlier build at once, by default the one before the current one.

    Nothing is computed, and no build is delisted: the next `publish` goes on from the newest.
    """
    published = read_published(warehouse)
    current = published["build_id"]
    if build_id is None:
        build_id = max(
            (b["build_id"] for b in published["builds"] if b["build_id"] < current), default=None
        )
    chosen = next((b for b in published["builds"] if b["build_id"] == build_id), None)
    if chosen is None:
        listed = ", ".join(str(build["build_id"]) for build in published["builds"])
        wanted = f"build {build_id}" if build_id else f"a build before {current}"
        raise NothingPublished(f"{wanted} is not listed; listed are: {listed}")
    return _write(warehouse, chosen, published["builds"])


def delist(warehouse: Path, *, all_but_current: bool = False) -> dict:
    """Take builds that are too many or too old, or all but the current, off the list."""
    published = read_published(warehouse)
    kept = [] if all_but_current else _still_listed(published["builds"], datetime.now(UTC))
    current = _shown_build(published)
    return _write(warehouse, current, kept if current in kept else [*kept, current])


def _still_listed(builds: list[dict], now: datetime) -> list[dict]:
    young = (b for b in builds if now - datetime.fromisoformat(b["published_at"]) < LISTED_FOR)
    return sorted(young, key=lambda build: -build["build_id"])[:LISTED_BUILDS]


def _write(warehouse: Path, current: dict, builds: list[dict]) -> dict:
    last = max(current["build_id"], last_build_id(published_so_far(warehouse)))
    said = {**current, "last_build_id": last, "builds": builds}
    text = json.dumps({**said, "checksum": checksum(said)}, indent=1)
    # Spark, Sail and deltalake leave it to the system when what they wrote goes to the disk.
    disk.sync_all(warehouse)
    disk.write(warehouse / COPY, text)
    disk.write(warehouse / FILE, text)
    return current


def unpublish(warehouse: Path) -> None:
    """Forget all builds; the copy goes first, from which the file would be restored."""
    for name in (COPY, FILE):
        (warehouse / name).unlink(missing_ok=True)


def repair(warehouse: Path) -> dict:
    """Restore published.json from its copy, or the copy from it; what it says then.

    Raises NothingPublished where neither can be read. They are put aside, so that the next build
    publishes anew.
    """
    files = [warehouse / FILE, warehouse / COPY]
    for file in filter(Path.exists, files):
        if published := parsed(file.read_bytes()):
            for each in files:
                disk.write(each, file.read_text())
            return published
    for file in filter(Path.exists, files):
        file.rename(file.with_name(f"{file.name}.damaged"))
    raise NothingPublished(
        f"neither published.json nor its copy in {warehouse} can be read. The tables are as they "
        f"were; publish them anew, as build {_last_noted(warehouse) + 1}: make build"
    )
