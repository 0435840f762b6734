"""Where published tables lie: in a warehouse on this machine, or in a copy in object storage.

A URL such as `s3://bucket/warehouse` is read by Arrow's file systems and by deltalake, which take
keys, region and endpoint from the usual variables of its provider (AWS_ACCESS_KEY_ID and so on).
"""

import os
from pathlib import Path

from deltalake import DeltaTable
from pyarrow.dataset import Dataset
from pyarrow.fs import FileSystem, SubTreeFileSystem

from shopstream.errors import NothingPublished, PublishedLost
from shopstream.published import (
    open_entry,
    parsed,
    read_published,
    rows_of,
)


def chosen(warehouse: Path) -> Path | str:
    """The URL in SHOPSTREAM_PUBLISHED, without a slash at its end, else the warehouse."""
    return os.environ.get("SHOPSTREAM_PUBLISHED", "").rstrip("/") or warehouse


def published_in(place: Path | str) -> dict:
    """What published.json says there. Raises NothingPublished, PublishedLost."""
    if isinstance(place, Path):
        return read_published(place)
    files, folder = FileSystem.from_uri(place)
    try:
        with files.open_input_stream(f"{folder}/published.json") as file:
            published = parsed(file.read())
    except FileNotFoundError:
        raise NothingPublished(f"there is no published.json in {place}") from None
    if published is None:
        raise PublishedLost(
            f"published.json in {place} is damaged: copy it from the warehouse anew"
        )
    return published


def table_in(place: Path | str, entry: dict) -> DeltaTable:
    """A table by its entry of published.json: path and version."""
    if isinstance(place, Path):
        return open_entry(place, entry)
    return DeltaTable(f"{place}/{entry['path']}", version=entry["version"])


def rows_in(place: Path | str, entry: dict) -> Dataset:
    """The rows of such a table."""
    table = table_in(place, entry)
    if isinstance(place, Path):
        return rows_of(table)
    files, folder = FileSystem.from_uri(f"{place}/{entry['path']}")
    return table.to_pyarrow_dataset(filesystem=SubTreeFileSystem(folder, files))
