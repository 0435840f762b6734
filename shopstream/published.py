"""What is published: the one way to its tables, for all that reads them.

published.json says which version of each table readers see. It lies in a warehouse, or in a copy of
one in object storage, whose place is a URL such as `s3://bucket/warehouse`: Arrow and deltalake
take keys, region and endpoint from the usual variables of its provider (AWS_ACCESS_KEY_ID and so
on). Tables are read with deltalake: no JVM needed.
"""

import hashlib
import json
import os
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlparse

from deltalake import DeltaTable
from pyarrow.dataset import Dataset
from pyarrow.fs import FileSystem, LocalFileSystem, SubTreeFileSystem

from shopstream.errors import NothingPublished, PublishedLost
from shopstream.warehouse import checksums

FILE, COPY = "published.json", ".published.json"
Place = Path | str


def place_of(warehouse: Path) -> Place:
    """Where readers look: the URL in SHOPSTREAM_PUBLISHED, else the warehouse."""
    return os.environ.get("SHOPSTREAM_PUBLISHED", "").rstrip("/") or warehouse


def read_published(place: Place) -> dict:
    """The published build: build_id, published_at, tables (path, version) by `schema.table`,
    builds, the list of all that readers can be rolled back to, newest first, and last_build_id,
    the highest number that any build has had.

    Raises NothingPublished when there is none, PublishedLost when the file is damaged or gone.
    """
    if _is_url(place):
        return _read_copy(str(place))
    file = Path(place) / FILE
    try:
        text = file.read_bytes()
    except FileNotFoundError:
        if file.with_name(COPY).exists():
            raise _lost(file, "missing") from None
        raise NothingPublished(f"no build has been published in {place}; run: make build") from None
    published = parsed(text)
    if published is None:
        raise _lost(file, "damaged")
    return published


def _is_url(place: Place) -> bool:
    return "://" in str(place)


def _read_copy(url: str) -> dict:
    files, folder = FileSystem.from_uri(url)
    try:
        with files.open_input_stream(f"{folder}/{FILE}") as file:
            published = parsed(file.read())
    except FileNotFoundError:
        raise NothingPublished(f"there is no published.json in {url}") from None
    if published is None:
        raise PublishedLost(f"published.json in {url} is damaged: copy it from the warehouse anew")
    return published


def parsed(text: bytes) -> dict | None:
    """What a published.json says; None for a damaged one."""
    try:
        published = json.loads(text)
    except ValueError:
        return None
    return published if _is_whole(published) else None


def checksum(published: dict) -> str:
    """Of all that a published.json says, except this: a flipped bit can leave valid JSON."""
    said = {name: value for name, value in published.items() if name != "checksum"}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _is_whole(published) -> bool:
    """Whether all that readers go by is there and of its kind, the build they see on the list."""
    try:
        listed = published["builds"]
        seen = [build["build_id"] for build in listed]
        if "checksum" in published and published["checksum"] != checksum(published):
            return False  # those of before version 1 have none
        return published["build_id"] in seen and all(
            isinstance(build["build_id"], int)
            and datetime.fromisoformat(build["published_at"])
            and all(_is_entry(entry) for entry in build["tables"].values())
            for build in [published, *listed]
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return False


def _is_entry(entry: dict) -> bool:
    return isinstance(entry["path"], str) and isinstance(entry["version"], int)


def _lost(file: Path, how: str) -> PublishedLost:
    return PublishedLost(
        f"{file} is {how}. It says which version of each table readers see; the tables are as they "
        "were. Restore it: .venv/bin/shopstream published --repair"
    )


def marts(published: dict) -> list[str]:
    """The tables of what `read_published` gave, without seeds, as `schema.table`."""
    return [name for name in published["tables"] if "_seeds." not in name]


def open_table(place: Place, name: str, published: dict | None = None) -> DeltaTable:
    """One published table, by `schema.table`, at its published version.

    Who reads several tables passes what `read_published` gave, so that all are of one build.
    """
    return open_entry(place, (published or read_published(place))["tables"][name])


def _location(place: Place, entry: dict) -> str:
    """Where the table of an entry lies."""
    return f"{place}/{entry['path']}" if _is_url(place) else str(Path(place) / entry["path"])


def open_entry(place: Place, entry: dict) -> DeltaTable:
    """A table by its entry of published.json: path and version. Raises Damaged."""
    if _is_url(place):
        return DeltaTable(_location(place, entry), version=entry["version"])
    try:
        table = DeltaTable(_location(place, entry), version=entry["version"])
        checksums.check(Path(place), entry, table)
    except checksums.UNREADABLE as error:
        first, *_ = str(error).splitlines() or [""]
        raise checksums.damaged(Path(place), entry["path"], first) from error
    return table


def history(place: Place, entry: dict, most: int) -> list[dict]:
    """The last commits of a table up to its published version, latest first."""
    # At another version than the newest, deltalake gives commits wrong numbers.
    newest = DeltaTable(_location(place, entry))
    commits = newest.history(most + newest.version() - entry["version"])
    return [commit for commit in commits if commit["version"] <= entry["version"]]


def newest_load(table: DeltaTable) -> int:
    """The highest load_id of its rows, by Delta's log; 0 for none."""
    return max(table.get_add_actions(flatten=True)["max.load_id"].to_pylist(), default=0)


def rows_of(table: DeltaTable) -> Dataset:
    """The rows of a table, read by Arrow alone.

    deltalake's own file system is written in Python: an Arrow thread that still holds it when the
    interpreter ends aborts the process (github.com/apache/arrow/issues/34314).
    """
    url = urlparse(table.table_uri)
    if url.scheme in ("", "file"):
        files, folder = LocalFileSystem(), unquote(url.path)
    else:
        files, folder = FileSystem.from_uri(table.table_uri.rstrip("/"))
    return table.to_pyarrow_dataset(filesystem=SubTreeFileSystem(folder, files))
