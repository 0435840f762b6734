"""Which files lie in a landing folder, and what is wrong with them as files."""

import os
import re
from pathlib import Path
from stat import S_ISREG

from shopstream.errors import LandingError
from shopstream.intake.archives import event_format
from shopstream.intake.foreign_tables import EXPORT, table_kind
from shopstream.intake.sources import FOLDER, format_of, is_description, sources
from shopstream.plain import plain

_SCHEMA_FOLDER = re.compile(r"shopstream_.*\.db").fullmatch


def find(
    landing: Path, warehouse: Path, ignored: list[str] | None = None
) -> list[tuple[str, Path, str | None]]:
    """Each delivered file by name: its path, and what is wrong with it as a file.

    Names with other endings, which are no deliveries, are added to `ignored`, descriptions of
    sources are not. Raises SourceError where one is wrong.
    """
    described = sources(landing)
    found: list[tuple[str, Path, str | None]] = []

    def add(path: Path, trouble: str | None, name: str | None = None) -> None:
        found.append((name or name_of(path.relative_to(landing)), path, trouble))

    def unreadable(error: OSError) -> None:
        if Path(error.filename) == landing:
            raise LandingError(
                f"The landing folder {landing} can't be read ({error.strerror}): create it and "
                "put event files in, or set SHOPSTREAM_LANDING to where they are."
            )
        add(Path(error.filename), f"this folder can't be read ({error.strerror}): check its rights")

    # a linked folder is read once; one that leads to the warehouse would feed us our own tables
    own = Path(os.path.realpath(warehouse))
    visited = {str(own)}
    for folder, folders, files in os.walk(landing, onerror=unreadable, followlinks=True):
        here, real = Path(folder), os.path.realpath(folder)
        if real in visited or is_of(own, Path(real)):
            folders.clear()
            continue
        visited.add(real)
        if table := table_kind(here):
            add(here, f"{table}, whose files hold deleted rows too: {EXPORT}")
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in filter(event_format, folders):
            if not table_kind(here / name):
                add(here / name, "a folder is named like an event file: rename it")
        folders[:] = [n for n in folders if not event_format(n) or table_kind(here / n)]
        within = "" if here == landing else f"{name_of(here.relative_to(landing))}/"
        for name in files:
            path, delivered = here / name, within + name_of(name)
            if name.startswith(".") or (within == f"{FOLDER}/" and is_description(path)):
                continue
            if format_of(delivered, described):
                add(path, _trouble(path, own), delivered)
            elif ignored is not None:
                ignored.append(delivered)
    return sorted(found)


def name_of(path: Path | str) -> str:
    """A path as text; control characters, and bytes that are not UTF-8, as `\\xff`.

    So a backslash of its own is doubled.
    """
    return plain(os.fsencode(path).replace(b"\\", b"\\\\").decode(errors="backslashreplace"))


def is_of(warehouse: Path, path: Path) -> bool:
    """Whether a path lies in the tables of a warehouse; a landing folder may lie beside them."""
    inside = path.parts[len(warehouse.parts) :]
    return path.is_relative_to(warehouse) and bool(inside) and bool(_SCHEMA_FOLDER(inside[0]))


def _trouble(path: Path, warehouse: Path) -> str | None:
    try:
        if S_ISREG(path.lstat().st_mode):
            return None
        path.stat()
    except OSError as error:
        # what is no link and gone was there a moment ago: `take` finds it changing
        if path.is_symlink():
            return f"a link that leads to no file ({error.strerror}): mend or remove it"
        return None if isinstance(error, FileNotFoundError) else f"can't be read: {error.strerror}"
    if path.is_symlink() and is_of(warehouse, Path(os.path.realpath(path))):
        return "a link into the warehouse, whose files are made from deliveries: remove it"
    return None if path.is_file() else "neither a file nor a link to one: remove it"


def named(names: list[str]) -> str:
    """The first five of many names."""
    return ", ".join([*names[:5], *["..."][: len(names) > 5]])
