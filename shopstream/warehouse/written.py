"""Which versions of the incremental tables runs of shopstream left, to know what dbt by hand wrote.

A run adds to what incremental tables hold and can't see by which rules that was made. So each run
ends with a note, `<warehouse>/.tables-written`: version and hash of the last commit of each of
them. What differs at the start of the next was written by another hand: all tables after the
cleaned rows are then computed anew. Other models are made anew by each run anyway. A run that was
killed left the note at `building`, and what it wrote is its own.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deltalake import DeltaTable

from shopstream import disk
from shopstream.config import PROJECT
from shopstream.warehouse import damage, fingerprint
from shopstream.warehouse.tables import (
    REGISTER,
    SCHEMA_PREFIX,
    folder_of,
    is_table,
    remove,
    table_folders,
)

FILE = ".tables-written"
ROWS = ".stg_rows"
# Neither kind is made anew by an ordinary run, and those of KEPT not by `--full-refresh` either.
INCREMENTAL, KEPT = re.compile(r"materialized=.incremental"), re.compile(r"\bfull_refresh=")
Written = dict[str, list]


@contextmanager
def by_this_run(warehouse: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Put right what is damaged and what another hand wrote; note what this run has written after.

    Nothing is noted of a run that is stopped by force. Raises Damaged.
    """
    before = mend(warehouse, say)
    if before and not before["building"]:
        held, noted = _held(warehouse), before["tables"]
        foreign = [name for name in held if held[name] != noted.get(name)]
        _make_anew(warehouse, foreign, noted, say, "Written by another hand")
    _write(warehouse, before["tables"] if before else {}, building=True)
    try:
        yield
    except Exception:
        _note(warehouse)
        raise
    _note(warehouse)


def mend(warehouse: Path, say: Callable[[str], None]) -> dict | None:
    """Make all tables such that can be read, and what was lost be made anew; gives the note.

    Raises Damaged.
    """
    before = _read(warehouse)
    noted = before["tables"] if before else {}
    damaged = damage.mend(warehouse, noted)
    gone = [n for n in noted if n.endswith(ROWS) and not is_table(folder_of(warehouse, n))]
    _make_anew(warehouse, [*damaged, *gone], noted, say, "Damaged or lost")
    return before


def _make_anew(
    warehouse: Path, names: list[str], noted: Written, say: Callable[[str], None], why: str
) -> None:
    """Have these tables computed anew, with all that may be made from them; says so in a line."""
    if not names or fingerprint.read(warehouse) in (None, fingerprint.NOTHING):
        return  # all is made anew already
    kept = _models(KEPT)
    fates = [_put_back(warehouse, n, noted.get(n)) for n in names if n.split(".")[1] in kept]
    fingerprint.write(warehouse, fingerprint.SEVERAL if all(fates) else fingerprint.NOTHING)
    what = "all tables after the cleaned rows are made anew" if all(fates) else "all rows are read"
    shown = ", ".join(sorted(names)[:5]) + (" ..." if names[5:] else "")
    say(f"{why}: {shown} ({len(names):,} in all). So {what}{'' if all(fates) else ' again'}.")


def _put_back(warehouse: Path, name: str, noted: list | None) -> bool:
    """Give a table the rows that it had as noted; False where landed files have to be read anew."""
    folder = folder_of(warehouse, name)
    if noted and _commit(folder, noted[0]) == noted and damage.is_whole(folder, noted[0]):
        if DeltaTable(folder).version() > noted[0]:
            DeltaTable(folder).restore(noted[0])
        return True
    if name.endswith(ROWS):
        return False
    if is_table(folder):
        remove(warehouse, folder)
    return True


def _note(warehouse: Path) -> None:
    _write(warehouse, _held(warehouse) | _register(warehouse), building=False)


def _register(warehouse: Path) -> Written:
    """What the register of landed files is now: it may come to more, never to less."""
    return {
        name: _commit(folder, _newest(folder))
        for name, folder in table_folders(warehouse).items()
        if name.startswith(REGISTER)
    }


def _held(warehouse: Path) -> Written:
    """What the incremental tables of the usual schemas are now; other schemas are dbt's by hand."""
    layers = re.findall(r"\+schema: *(\w+)", (PROJECT / "dbt_project.yml").read_text())
    ours = {f"{SCHEMA_PREFIX}{layer}.{model}" for model in _models(INCREMENTAL) for layer in layers}
    return {
        name: _commit(folder, _newest(folder))
        for name, folder in table_folders(warehouse).items()
        if name in ours
    }


def _models(wanted: re.Pattern) -> set[str]:
    """Names of the models whose text has a configuration."""
    models = (PROJECT / "models").rglob("*.sql")
    return {path.stem for path in models if wanted.search(path.read_text())}


def _newest(folder: Path) -> int:
    return max(int(path.stem) for path in (folder / "_delta_log").glob("[0-9]*.json"))


def _commit(folder: Path, version: int) -> list | None:
    """A version with the hash of its commit; None where there is none."""
    commit = folder / "_delta_log" / f"{version:020}.json"
    if not commit.exists():
        return None
    return [version, hashlib.sha256(commit.read_bytes()).hexdigest()]


def _read(warehouse: Path) -> dict | None:
    """The note; None where there is none or it is damaged: then nothing is known of other hands."""
    try:
        return json.loads((warehouse / FILE).read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def _write(warehouse: Path, tables: Written, *, building: bool) -> None:
    disk.write(warehouse / FILE, json.dumps({"building": building, "tables": tables}, indent=1))
