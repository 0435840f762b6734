"""Folders in the landing folder that are tables: their own log says which of their files count."""

import re
from collections.abc import Iterable
from pathlib import Path

EXPORT = "export its rows as files and deliver those, or take it out of the landing folder"
# Of a member of an archive: the folder of the table that it belongs to the log of.
_LOG_OF = re.compile(r"(?:(.*)/)?(?:_delta_log|\.hoodie|metadata/[^/]*\.metadata\.json)(?:/|$)")


def table_kind(folder: Path) -> str | None:
    """What kind of table a folder is, in words; None for a folder of files."""
    if (folder / "shopstream_landing.db").is_dir() or (folder / "landed_rows").is_dir():
        return "a warehouse of shopstream"
    if (folder / "_delta_log").is_dir():
        return "a Delta table"
    if (folder / ".hoodie").is_dir():
        return "a Hudi table"
    metadata = folder / "metadata"
    if metadata.is_dir() and next(metadata.glob("*.metadata.json"), None):
        return "an Iceberg table"
    return None


def table_folders_in(names: Iterable[str]) -> list[str]:
    """The folders of an archive that are tables, by the names of its members; each ends in /."""
    found = {match[1] for name in names if (match := _LOG_OF.match(name))}
    return [f"{folder}/" if folder else "" for folder in found]
