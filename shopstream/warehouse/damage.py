"""What a loss of power or a disk did to tables: found at the start of a run, and put right or told.

Commits are read from the last checkpoint on: the first that can't be read, and all behind it, are
taken off, since a reader would take an empty one for no change. Then the files of the version that
is left are looked at: there, of the size that the log says, with Parquet's mark at their end.
"""

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from shopstream.errors import Damaged
from shopstream.warehouse.tables import REGISTER, folder_of, is_table, remove, table_folders

MARK = b"PAR1"
NUMBERED = re.compile(r"([0-9]{20})\.(json|crc|checkpoint\..*parquet)").fullmatch


def mend(warehouse: Path, noted: dict[str, list]) -> list[str]:
    """Make every table one that can be read; names of those that have lost something by it.

    `noted` are the versions that tables had. Raises Damaged where the register of landed files has
    lost one of these: no other table can give it back.
    """
    mended = []
    for name, folder in table_folders(warehouse).items():
        if name.startswith(REGISTER):
            _mend_register(warehouse, name, folder, noted.get(name, [-1])[0])
        elif _cut_log(folder) | _go_back(warehouse, folder):
            mended.append(name)
    for name in noted:
        if name.startswith(REGISTER) and not is_table(folder_of(warehouse, name)):
            raise _lost(warehouse, name)
    return mended


def _mend_register(warehouse: Path, name: str, folder: Path, noted: int) -> None:
    """Take off what a landing that was cut short wrote: its files are landed again."""
    bad = _first_unreadable(folder)
    if bad is not None and bad <= noted:
        raise _lost(warehouse, name)
    _cut_log(folder)
    if is_table(folder) and not is_whole(folder):
        raise _lost(warehouse, name)


def _lost(warehouse: Path, name: str) -> Damaged:
    return Damaged(
        f"the register of landed files is damaged: {name.replace('.', '.db/')} in {warehouse}. Put "
        "back a copy of the whole warehouse, or begin anew from the landing files: "
        "docs/how-to/operations.md, Damage"
    )


def _first_unreadable(folder: Path) -> int | None:
    """The first version after the last checkpoint whose commit is gone or can't be read."""
    files = [(path, match) for path in _log(folder) if (match := NUMBERED(path.name))]
    checkpoints = [int(m[1]) for path, m in files if "checkpoint" in m[2] and _is_parquet(path)]
    expected = max(checkpoints, default=-1) + 1
    for path, match in files:
        if match[2] == "json" and int(match[1]) >= expected:
            if int(match[1]) > expected or not _is_commit(path):
                return expected
            expected += 1
    return None


def _cut_log(folder: Path) -> bool:
    """Take off the log what can't be read, and what came behind it; whether there was any."""
    bad, log = _first_unreadable(folder), folder / "_delta_log"
    for path in _log(folder):
        match = NUMBERED(path.name)
        is_behind = match and bad is not None and int(match[1]) >= bad
        if is_behind or (match and match[2] != "json" and not _is_readable(path)):
            path.unlink()
    if not _names_a_checkpoint(log):
        # Without it readers look for the last checkpoint themselves.
        (log / "_last_checkpoint").unlink()
    return bad is not None


def _log(folder: Path) -> list[Path]:
    return sorted((folder / "_delta_log").iterdir())


def _is_readable(path: Path) -> bool:
    return _is_parquet(path) if path.suffix == ".parquet" else _is_commit(path)


def is_whole(folder: Path, version: int | None = None) -> bool:
    """Whether a version of a table, the newest by default, can be read with all of its files."""
    try:
        files = pa.table(DeltaTable(folder, version=version).get_add_actions(flatten=True))
    except (DeltaError, OSError):
        return False
    sizes = zip(files["path"].to_pylist(), files["size_bytes"].to_pylist(), strict=True)
    return all(_is_parquet(folder / unquote(path), size) for path, size in sizes)


def _go_back(warehouse: Path, folder: Path) -> bool:
    """Give a table that is not whole the rows of its last whole version, or remove it."""
    if is_whole(folder):
        return False
    try:
        newest = DeltaTable(folder).version()
        for version in range(newest - 1, -1, -1):
            if is_whole(folder, version):
                DeltaTable(folder).restore(version)
                return True
    except (DeltaError, OSError):
        pass
    remove(warehouse, folder)
    return True


def _is_commit(path: Path) -> bool:
    try:
        lines = path.read_bytes().splitlines()
        return bool(lines) and all(isinstance(json.loads(line), dict) for line in lines)
    except ValueError:
        return False


def _is_parquet(path: Path, size: int | None = None) -> bool:
    try:
        with path.open("rb") as file:
            end = file.seek(0, 2)
            file.seek(max(end - len(MARK), 0))
            return file.read() == MARK and size in (None, end)
    except OSError:
        return False


def _names_a_checkpoint(log: Path) -> bool:
    """Whether the pointer to the last checkpoint, if there is one, leads to one."""
    try:
        version = json.loads((log / "_last_checkpoint").read_bytes())["version"]
    except FileNotFoundError:
        return True
    except (ValueError, TypeError, KeyError):
        return False
    return any(log.glob(f"{version:020}.checkpoint.*parquet"))
