"""Damage to published tables is noticed: what each file held when it was published is noted.

An entry of published.json has one checksum over a table: its columns, what the log says of each
file (size, values, partition), and the checksum of each. `.checksums.json` has the latter by file,
so that a file that was noted is not read again by the next publish, and a damaged one has a name.
Spark writes checksums into the pages of Parquet, deltalake and Sail write none; xxh3 (128 bits)
over whole files is one way for all (docs/decisions/checksums.md).
"""

import json
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import xxhash
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from shopstream import disk
from shopstream.errors import Damaged

FILE = ".checksums.json"
CHUNK = 1 << 22


def note(warehouse: Path, tables: dict[str, DeltaTable]) -> dict[str, str]:
    """The checksum of each table; those of its files are noted, and those of files gone go."""
    noted, sums = _noted(warehouse), {}
    for path, table in tables.items():
        lines, known = _log_of(table), noted.get(path, {})
        hashes = {n: known.get(n) or _hash(warehouse / path / unquote(n)) for n in lines}
        sums[path] = _sum_of(table, lines, hashes)
        # Files of builds before this are kept while they are there: they can be rolled back to.
        here = {n: known[n] for n in known if (warehouse / path / unquote(n)).exists()}
        noted[path] = here | hashes
    disk.write(warehouse / FILE, json.dumps(noted))
    return sums


def check(warehouse: Path, entry: dict, table: DeltaTable) -> None:
    """Raise Damaged where a table is not what was published. An older entry has no checksum."""
    if "checksum" not in entry:
        return
    path, lines = entry["path"], _log_of(table)
    known, hashes, bad = _noted(warehouse).get(path, {}), {}, []
    for name in lines:
        try:
            hashes[name] = _hash_of(warehouse / path / unquote(name))
        except OSError:
            hashes[name] = None
        if hashes[name] is None or known.get(name, hashes[name]) != hashes[name]:
            bad.append(name)
    if bad or _sum_of(table, lines, hashes) != entry["checksum"]:
        what = ", ".join(bad[:5]) or "its log (_delta_log)"
        raise damaged(warehouse, path, f"{what} is not as it was published")


def damaged(warehouse: Path, path: str, why: str) -> Damaged:
    """The error of a published table that can't be trusted."""
    return Damaged(
        f"{warehouse / path} is damaged: {why}. See what else is: .venv/bin/shopstream verify. Put "
        "back a copy of the warehouse, or make all tables anew: .venv/bin/shopstream build "
        "--full-refresh (docs/how-to/operations.md, Damage)"
    )


def _log_of(table: DeltaTable) -> dict[str, str]:
    """What the log says of each file, as text, in the order of names."""
    rows = pa.table(table.get_add_actions(flatten=True)).to_pylist()
    texts = {row["path"]: json.dumps(row, default=str, sort_keys=True) for row in rows}
    return dict(sorted(texts.items()))


def _sum_of(table: DeltaTable, lines: dict[str, str], hashes: dict[str, str | None]) -> str:
    columns = json.loads(table.schema().to_json())
    text = json.dumps([columns, list(lines.values()), [hashes[name] for name in lines]])
    return xxhash.xxh3_128_hexdigest(text.encode())


def _noted(warehouse: Path) -> dict[str, dict[str, str]]:
    """The checksums of files by table; none where they are lost: that of the table still tells."""
    try:
        noted = json.loads((warehouse / FILE).read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def _hash_of(file: Path) -> str:
    """The checksum of a file, read once while it has this size and time."""
    state = file.stat()
    return _once(file, state.st_size, state.st_mtime_ns, state.st_ino)


@cache
def _once(file: Path, *state: int) -> str:
    return _hash(file)


def _hash(path: Path) -> str:
    digest = xxhash.xxh3_128()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


# What deltalake and Arrow raise for a log or file that they can't read.
UNREADABLE = (DeltaError, OSError, pa.ArrowException)
