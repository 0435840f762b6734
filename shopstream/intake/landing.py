"""Take delivered event files in: find new contents, decode each once, keep the register of them.

Landing files are the raw archive and are only read. All that is written lies in
`<warehouse>/shopstream_landing.db/`: `landed_rows/<sha256>.parquet` (a work copy per new
content), `extracted/` (scratch, never kept), and the register: the small Delta tables
`landed_files`, `refused_files`, `deliveries`, `loads`, `backfills` and `erased_users`.
Decoding turns bytes into text columns, nothing more: the cleaning rules live in the dbt models.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import duckdb
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import DeltaError

from shopstream import disk
from shopstream.disk import too_many_files
from shopstream.errors import LandingError
from shopstream.intake import erased_ids
from shopstream.intake.archives import Refused, event_format, event_members, extract, most_unpacked
from shopstream.intake.decode import Duck, decode, default_memory_limit, lacking
from shopstream.intake.file_state import State, let_the_clock_go_on, state_of
from shopstream.intake.finding import find
from shopstream.intake.path_values import path_values, sha_with
from shopstream.plain import plain
from shopstream.stopping import raise_if_stopped
from shopstream.warehouse import fingerprint
from shopstream.warehouse.tables import is_table

log = logging.getLogger(__name__)
Progress = Callable[[str, int, int], None]
SCHEMA = "shopstream_landing"

# fmt: off


# Errors of the disk, the system or the rights, not of what a file holds: the next run tries again.
_PASSING = {
    *(errno.EACCES, errno.EPERM, errno.ENOENT, errno.EIO, errno.ENOMEM),
    *(errno.ESTALE, errno.EAGAIN, errno.EINTR, errno.EBUSY, errno.ETIMEDOUT, errno.ENODEV),
    *(errno.ENXIO, errno.EREMOTEIO, errno.EHOSTDOWN, errno.ENOTCONN),
}


@dataclass(frozen=True)
class LandedFile:
    """One file content whose rows were decoded.

    `load_id` is the load that last changed what is held of it, `first_load_id` the one that brought
    it: where they differ, rows of an earlier load have to go. A withdrawn content stays known, so
    that it is not taken in again.
    """

    file_key: int
    file_sha256: str
    source_file: str
    format: str
    bytes: int
    rows_read: int
    notes: str | None
    first_load_id: int
    load_id: int
    loaded_at: datetime
    withdrawn_at: datetime | None = None


@dataclass(frozen=True)
class RefusedFile:
    """One file that lies in the landing folder and can't be read as events."""

    source_file: str
    file_sha256: str | None
    reason: str
    seen_at: datetime


@dataclass(frozen=True)
class RenamedFile:
    """A content that was landed earlier and now has a smaller name."""

    file_key: int
    file_sha256: str
    old_name: str
    new_name: str


@dataclass(frozen=True)
class LandingResult:
    """What one run of `land` did. `load_id` is None when nothing new was decoded."""

    load_id: int | None
    landed: list[LandedFile]
    refused: list[RefusedFile]
    known_refused: list[RefusedFile]
    skipped_changing: list[str]
    renamed: list[RenamedFile]
    ignored: list[str]


# --- the register: three small Delta tables, a row of each a dataclass ---------------------------


@dataclass(frozen=True)
class _Delivery:
    """A name that was seen; bytes and state are those of its container, the file on disk.

    Warehouses of before have no state: they read a file once more to know it.
    """

    source_file: str
    container: str
    file_sha256: str | None
    bytes: int
    state: str = ""


@dataclass(frozen=True)
class _Load:
    """A run that changed what is loaded; the numbers that tables are compared by."""

    load_id: int
    loaded_at: datetime


@dataclass(frozen=True)
class _Backfill:
    """A date that was computed anew in a load; None for rows without a place in the window."""

    load_id: int
    event_date: date | None


@dataclass(frozen=True)
class _ErasedUser:
    """A user who is never taken in again, known only by a keyed hash."""

    load_id: int
    user_hash: str
    erased_at: datetime


_TABLES = {
    "landed_files": LandedFile,
    "refused_files": RefusedFile,
    "deliveries": _Delivery,
    "loads": _Load,
    "backfills": _Backfill,
    "erased_users": _ErasedUser,
}
_LONG, _TEXT = pa.int64(), pa.string()
_TYPES = {"int": _LONG, "str": _TEXT, "datetime": pa.timestamp("us", "UTC"), "date": pa.date32()}


def _schema(row: type) -> pa.Schema:
    """Column types by the annotations of a dataclass."""
    return pa.schema(
        pa.field(field.name, _TYPES[field.type.split()[0]], nullable="None" in field.type)
        for field in fields(row)
    )


def _read_table(home: Path, name: str) -> list:
    rows = DeltaTable(str(home / name)).to_pyarrow_table().to_pylist()
    for row in rows:
        row.pop("modified_ns", None)  # of deliveries, before there was a state
    try:
        return [_TABLES[name](**row) for row in rows]
    except TypeError:
        raise LandingError(
            f"The warehouse {home.parent} was made by another version of shopstream: remove its "
            "tables with `make clean` and build it anew from the landing files with `make build`."
        ) from None


def _write_table(home: Path, name: str, rows: Iterable) -> None:
    table = pa.Table.from_pylist([vars(row) for row in rows], schema=_schema(_TABLES[name]))
    write_deltalake(str(home / name), table, mode="overwrite", schema_mode="overwrite")


def _prepare(home: Path) -> None:
    for folder in ("landed_rows", "extracted"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    for name, row in _TABLES.items():
        DeltaTable.create(str(home / name), schema=_schema(row), mode="ignore")


def _home(warehouse: Path) -> Path:
    """Where Spark expects the tables of the schema shopstream_landing."""
    return warehouse / f"{SCHEMA}.db"


def work_copies(warehouse: Path, files: Iterable[LandedFile]) -> list[Path]:
    """The work copies of contents that have rows."""
    folder = _home(warehouse) / "landed_rows"
    return [folder / f"{file.file_sha256}.parquet" for file in files if file.rows_read]


def drop_work_copies(warehouse: Path) -> None:
    """Delete the work copies, once a load is complete, and what a killed run left of others."""
    for path in (_home(warehouse) / "landed_rows").glob("*.parquet"):
        path.unlink()
    shutil.rmtree(_home(warehouse) / "extracted", ignore_errors=True)


def event_files(folder: Path) -> list[Path]:
    """The files below `folder` that a run would read or refuse, by name."""
    return [path for _, path, _ in find(folder, folder / "warehouse")] if folder.is_dir() else []


def foreign_files(folder: Path) -> list[str]:
    """Names of the files below `folder` that a run would ignore for their endings."""
    ignored: list[str] = []
    if folder.is_dir():
        find(folder, folder / "warehouse", ignored)
    return sorted(ignored)


def has_landed(warehouse: Path) -> bool:
    """Whether any content was ever landed in this warehouse."""
    home = _home(warehouse)
    return is_table(home / "landed_files") and bool(landed_files(warehouse))


# --- taking files out or in again ----------------------------------------------------------------


def new_load(warehouse: Path) -> int:
    """Register a load without files and return its number."""
    home = _home(warehouse)
    loads = _read_table(home, "loads")
    number = max((load.load_id for load in loads), default=0) + 1
    _write_table(home, "loads", [*loads, _Load(number, datetime.now(UTC))])
    disk.sync_all(home)  # before anything names the number
    return number


def register_state(warehouse: Path) -> dict[str, int]:
    """Versions of the register's tables; while they stay, models have nothing new to read."""
    home = _home(warehouse)
    read = [name for name in _TABLES if name != "deliveries"]
    return {name: DeltaTable(str(home / name)).version() for name in read}


def landed_files(warehouse: Path) -> list[LandedFile]:
    """Every content that was ever landed, withdrawn ones too."""
    return _read_table(_home(warehouse), "landed_files")


def withdraw(warehouse: Path, shas: set[str]) -> None:
    """Mark contents as withdrawn: the next build takes their rows out, and `land` leaves them."""
    _renumber(warehouse, shas, withdrawn_at=datetime.now(UTC))


def reload(
    landing: Path, warehouse: Path, shas: set[str], *, on_progress: Progress | None = None
) -> None:
    """Decode contents anew, so that the next build replaces their rows. Raises LandingError."""
    reread(landing, warehouse, shas, on_progress=on_progress)
    _renumber(warehouse, shas, withdrawn_at=None)


def reread(
    landing: Path, warehouse: Path, shas: set[str], *, on_progress: Progress | None = None
) -> None:
    """Make work copies of contents that were landed before. Raises LandingError if one is gone."""
    with _run(warehouse, on_progress) as run:
        run.reread(find(landing, warehouse), shas)


def _renumber(warehouse: Path, shas: set[str], *, withdrawn_at: datetime | None) -> None:
    number = new_load(warehouse)
    rows = [
        replace(row, load_id=number, withdrawn_at=withdrawn_at) if row.file_sha256 in shas else row
        for row in landed_files(warehouse)
    ]
    _write_table(_home(warehouse), "landed_files", rows)


def note_backfill(warehouse: Path, dates: Iterable[date]) -> int:
    """Register dates to be computed anew, as a load, and return its number.

    Rows can lose or win a place in the window by it, so rows without one are always among them.
    """
    number, home = new_load(warehouse), _home(warehouse)
    rows = [_Backfill(number, day) for day in {None, *dates}]
    _write_table(home, "backfills", [*_read_table(home, "backfills"), *rows])
    return number


def note_erased(warehouse: Path, load_id: int, user_id: int) -> None:
    """Register a user who is never to be taken in again. Raises LandingError."""
    home = _home(warehouse)
    held = _read_table(home, "erased_users")
    user_hash = erased_ids.hash_of(erased_ids.key_of(warehouse, may_make=not held), user_id)
    erased_ids.remember(warehouse, {user_hash, *(row.user_hash for row in held)})
    if user_hash not in {row.user_hash for row in held}:
        held.append(_ErasedUser(load_id, user_hash, datetime.now(UTC)))
    _write_table(home, "erased_users", held)


def erased_elsewhere(warehouse: Path) -> set[str]:
    """Hashes of users that are kept beside the warehouse and not in it: it is older than that.

    Those that only the register has are put beside it. Raises LandingError.
    """
    home = _home(warehouse)
    rows = _read_table(home, "erased_users") if is_table(home / "erased_users") else []
    held = {row.user_hash for row in rows}
    remembered = erased_ids.remembered(warehouse)
    if held - remembered:
        erased_ids.remember(warehouse, held)
    return remembered - held


def note_hashes(warehouse: Path, hashes: Iterable[str]) -> None:
    """Register erased users of whom only the hash is known."""
    home, now = _home(warehouse), datetime.now(UTC)
    _prepare(home)
    held = _read_table(home, "erased_users")
    new = sorted({*hashes} - {row.user_hash for row in held})
    rows = [_ErasedUser(0, user_hash, now) for user_hash in new]
    _write_table(home, "erased_users", [*held, *rows])


# --- landing -------------------------------------------------------------------------------------


def would_lose(landing: Path, gone: list[str]) -> LandingError:
    """The error of a run that begins anew where contents are not there any more."""
    shown = ", ".join([*sorted(gone)[:20], *["..."][: len(gone) > 20]])
    return LandingError(
        f"a build from nothing would lose rows. Not in {landing} any more, or changed: {shown} "
        f"({len(gone):,} in all). Put back what was delivered, or go on without those rows: "
        "shopstream build --full-refresh --drop-missing"
    )


def missing_files(landing: Path, warehouse: Path) -> list[str]:
    """Names of landed files whose content is not in the landing folder under any name.

    Withdrawn ones are not missed. Call it right after `land`, which meets what was renamed, copied
    or changed since.
    """
    here = {name: path for name, path, trouble in find(landing, warehouse) if not trouble}
    held = {
        delivery.file_sha256
        for delivery in _read_table(_home(warehouse), "deliveries")
        if delivery.container in here
        and state_of(here[delivery.container]) == (delivery.bytes, delivery.state)
    }
    return sorted(
        file.source_file
        for file in landed_files(warehouse)
        if not file.withdrawn_at and file.file_sha256 not in held
    )


def land(
    landing: Path,
    warehouse: Path,
    *,
    anew: bool = False,
    may_lose: bool = False,
    on_progress: Progress | None = None,
    memory_limit: str | None = None,
) -> LandingResult:
    """Decode the contents in `landing` that `warehouse` does not know yet, and register them.

    `anew` decodes all of them, and registers no other; what its owner took out stays out: withdrawn
    files and erased users. The register stays as it was until all are decoded, and unless
    `may_lose` it is an error when a content that it names is not there any more.

    `on_progress(source_file, bytes_done, bytes_total)` is called for each file, more often for
    large ones, sometimes from another thread. `memory_limit` is DuckDB's ("4GB"); by default the
    environment variable SHOPSTREAM_DUCKDB_MEMORY or a quarter of the machine's memory.
    """
    home = _home(warehouse)
    landing_real, home_real = landing.resolve(), home.resolve()
    if landing_real.is_relative_to(home_real) or home_real.is_relative_to(landing_real):
        raise LandingError(
            f"The landing folder {landing} and the warehouse {warehouse} lie inside each other: "
            "set SHOPSTREAM_LANDING or SHOPSTREAM_WAREHOUSE to another folder."
        )
    ignored: list[str] = []
    found = find(landing, warehouse, ignored)
    with _run(warehouse, on_progress, memory_limit) as run:
        if anew:
            run.begin_anew()
        for name, path, trouble in found:
            run.turn_away(name, trouble) if trouble else run.take(name, path)
        if not may_lose:
            run.refuse_to_lose(landing)
        return run.commit(sorted(ignored))


@contextmanager
def _run(
    warehouse: Path, on_progress: Progress | None, memory_limit: str | None = None
) -> Iterator[_Run]:
    """A run that may write to the warehouse; its scratch is gone afterwards."""
    home = _home(warehouse)
    limit = memory_limit or default_memory_limit()
    duck = Duck(home / "extracted", limit)
    try:
        _prepare(home)
        yield _Run(home, on_progress, limit, duck)
    except (OSError, DeltaError) as error:
        _stop_without_room(error, str(error))
        raise LandingError(
            f"The warehouse {home} can't be written ({_first_line(error)}): check that the folder "
            "and its owner are right."
        ) from error
    finally:
        duck.close()
        shutil.rmtree(home / "extracted", ignore_errors=True)


@dataclass(frozen=True)
class _Content:
    """A file or zip member after it was read: its rows, or the reason against it, or neither."""

    name: str
    sha256: str | None = None
    format: str = ""
    bytes: int = 0
    rows: int | None = None
    notes: str | None = None
    reason: str | None = None
    passing: bool = False


class _Run:
    """One run of `land`: the register as it was, and what becomes of it."""

    def __init__(
        self, home: Path, on_progress: Progress | None, memory_limit: str, duck: Duck
    ) -> None:
        self.home, self.on_progress, self.memory_limit = home, on_progress, memory_limit
        self.duck = duck
        self.rows, self.scratch = home / "landed_rows", home / "extracted"
        self.landed = {row.file_sha256: row for row in _read_table(home, "landed_files")}
        self.earlier = dict(self.landed)
        self.deliveries: dict[str, list[_Delivery]] = {}
        for row in _read_table(home, "deliveries"):
            self.deliveries.setdefault(row.container, []).append(row)
        refused = _read_table(home, "refused_files")
        self.refused_before = {(r.source_file, r.file_sha256, r.reason): r for r in refused}
        self.refused: list[RefusedFile] = []
        self.known_refused: list[RefusedFile] = []
        self.skipped: list[str] = []
        self.redelivered = False
        self.wanted: set[str] = set()
        self.again: list[_Content] = []
        self.anew, self.replaced = False, {}
        self.loads = _read_table(home, "loads")
        self.load_id = max((load.load_id for load in self.loads), default=0) + 1
        self.erased = {row.user_hash for row in _read_table(home, "erased_users")}
        self.now = datetime.now(UTC)
        self._clean()

    def begin_anew(self) -> None:
        """Go on as if nothing had been landed."""
        self.replaced = {sha: row for sha, row in self.landed.items() if not row.withdrawn_at}
        self.landed = {sha: row for sha, row in self.landed.items() if row.withdrawn_at}
        self.earlier, self.deliveries, self.refused_before = dict(self.landed), {}, {}
        self.anew = True

    def refuse_to_lose(self, landing: Path) -> None:
        """Raise LandingError where contents that were landed before were not met again."""
        gone = [row.source_file for sha, row in self.replaced.items() if sha not in self.landed]
        if gone:
            raise would_lose(landing, gone)

    def _clean(self) -> None:
        """Remove what an interrupted run left: scratch, and rows of contents never registered."""
        shutil.rmtree(self.scratch)
        self.scratch.mkdir()
        for path in self.rows.iterdir():
            if path.name.removesuffix(".parquet") not in self.landed:
                path.unlink()

    def take(self, name: str, path: Path) -> None:
        """Take one file on disk in, with all its members if it is a zip."""
        before = state_of(path)
        earlier = self.deliveries.get(name)
        if before and earlier and (earlier[0].bytes, earlier[0].state) == before:
            self._keep_refusals(earlier)
            return
        let_the_clock_go_on(path)
        contents = self._unchanged(name, path, before)
        if contents is None:
            # it still grows, or is gone: nothing of it counts, the next run tries again
            self.skipped.append(name)
            self._keep_refusals(earlier or [])
            return
        for content in contents:
            self._accept(content)
        if any(content.passing for content in contents):
            return  # no delivery: else the file would be known, and never be read
        self.deliveries[name] = [
            _Delivery(content.name, name, content.sha256, *before) for content in contents
        ]
        self.redelivered = True

    def _unchanged(
        self, name: str, path: Path, before: State | None
    ) -> list[_Content] | None:
        """What one file on disk holds; None where it is gone or not as it was before reading."""
        if before is None:
            return None
        kind = event_format(path.name)
        contents = self._zip(name, path) if kind == "zip" else [self._read(name, path)]
        return contents if state_of(path) == before else None

    def turn_away(self, name: str, trouble: str) -> None:
        """Refuse a name that leads to no file now; once it does again, it is read anew."""
        self.redelivered |= self.deliveries.pop(name, None) is not None
        self.refuse(name, trouble)

    def refuse(self, name: str, reason: str, sha256: str | None = None) -> None:
        """Note that a file is refused; it is known when the table says just this already."""
        reason = plain(reason)
        known = self.refused_before.get((name, sha256, reason))
        if known:
            self.known_refused.append(known)
        else:
            self.refused.append(RefusedFile(name, sha256, reason, self.now))

    def _keep_refusals(self, deliveries: list[_Delivery]) -> None:
        names = {row.source_file for row in deliveries}
        self.known_refused += (r for r in self.refused_before.values() if r.source_file in names)

    def _zip(self, name: str, path: Path) -> list[_Content]:
        """The archive itself, which has no rows of its own, then its members."""
        try:
            if not path.stat().st_size:
                raise Refused("empty (0 bytes): remove it or deliver it again")
            with ZipFile(path) as archive:
                members = list(event_members(archive))
                if not members:
                    raise Refused("the archive holds no csv, jsonl or parquet file")
                return [_Content(name), *(self._member(name, archive, *m) for m in members)]
        except Exception as error:
            return [self._failed(name, "zip", error)]

    def _member(
        self, container: str, archive: ZipFile, info: ZipInfo, objection: str | None
    ) -> _Content:
        name, unpacked = f"{container}/{plain(info.filename)}", self.scratch / "member"
        if objection:
            return _Content(name, reason=objection)
        try:
            sha256 = extract(archive, info, unpacked)
            return self._read(name, unpacked, sha256, info.compress_size)
        except Exception as error:
            return self._failed(name, "zip", error)
        finally:
            unpacked.unlink(missing_ok=True)

    def reread(self, found: list[tuple[str, Path, str | None]], wanted: set[str]) -> None:
        """Decode contents that were landed before, from the files that held them then.

        Raises LandingError, before anything is changed, when one of them is not there any more.
        """
        self.wanted = wanted
        for name, path, trouble in found:
            held = {delivery.file_sha256 for delivery in self.deliveries.get(name, [])}
            missing = wanted - {content.sha256 for content in self.again}
            if trouble or not held & missing:
                continue
            contents = self._unchanged(name, path, state_of(path)) or []
            self.again += (c for c in contents if c.sha256 in missing and c.rows is not None)
        missing = wanted - {content.sha256 for content in self.again}
        if missing:
            names = sorted(self.landed[sha].source_file for sha in missing)
            raise LandingError(
                f"{len(names)} files are needed that are not in the landing folder any more, or "
                f"were changed: {', '.join(names[:20])}. Put them back as they were delivered, or "
                "choose other dates."
            )
        for content in self.again:
            self._forget_erased(self.scratch / f"{content.sha256}.parquet")
            copy = f"{content.sha256}.parquet"
            (self.scratch / copy).replace(self.rows / copy)

    def _read(
        self, name: str, path: Path, sha256: str | None = None, held: int | None = None
    ) -> _Content:
        """Decode one content, unless it is known; `held` is what it takes up in its archive."""
        kind = event_format(name)
        try:
            size = path.stat().st_size
            advance = partial(self._progress, name, size)
            advance(0)
            if not size:
                raise Refused("empty (0 bytes): remove it or deliver it again")
            most = most_unpacked(held or size)
            given = lacking(path, kind, path_values(name), most)
            sha256 = sha_with(sha256 or _sha256(path), given)
            known = self.landed.get(sha256)
            # the same bytes under an ending that does not fit them are refused as ever
            if known and known.format == kind and sha256 not in self.wanted:
                return _Content(name, sha256)
            target = self.scratch / f"{sha256}.parquet"
            key = _file_key(sha256)
            rows, notes = decode(path, kind, key, target, self.duck, advance, given, most)
            advance(size)
            return _Content(name, sha256, kind, size, rows, notes)
        except Exception as error:
            return self._failed(name, kind, error, sha256)

    def _failed(self, name: str, kind: str, error: Exception, sha: str | None = None) -> _Content:
        """The refusal that an error means for this one file."""
        raise_if_stopped()
        if isinstance(error, Refused):
            return _Content(name, sha, reason=str(error))
        # what an error quotes is the file's own name or text; only DuckDB writes without an errno
        own_words = re.split("[\"']", str(error))[-1] if isinstance(error, duckdb.Error) else ""
        _stop_without_room(error, own_words)
        log.error("%s could not be read", name, exc_info=error)
        # an unpacked member lies under a name that means nothing to its sender
        line = _first_line(error)
        for own in ("member", "delivered.parquet"):
            line = line.replace(str(self.scratch / own), name)
        if isinstance(error, OSError) and error.errno in _PASSING:
            reason = (
                f"can't be read now ({error.strerror}): check its rights and the disk; the next "
                "run tries again"
            )
            return _Content(name, sha, reason=reason, passing=True)
        reason = (
            f"can't be read as {kind} ({type(error).__name__}: {line}): deliver it again, whole"
        )
        return _Content(name, sha, reason=reason)

    def _progress(self, name: str, total: int, done: int) -> None:
        if self.on_progress:
            try:
                self.on_progress(name, min(done, total), total)
            except Exception:  # a broken display is no reason to refuse a file
                log.exception("on_progress failed")
                self.on_progress = None

    def _accept(self, content: _Content) -> None:
        """Enter one content, which lay unchanged while it was read, into the register."""
        row = self.landed.get(content.sha256)
        if content.reason:
            self.refuse(content.name, content.reason, content.sha256)
        elif row is None and content.rows is not None:
            self.landed[content.sha256] = LandedFile(
                file_key=_file_key(content.sha256),
                file_sha256=content.sha256,
                source_file=content.name,
                format=content.format,
                bytes=content.bytes,
                rows_read=content.rows,
                notes=content.notes and plain(content.notes),
                first_load_id=self.load_id,
                load_id=self.load_id,
                loaded_at=self.now,
            )
        elif row and content.name < row.source_file:
            self.landed[content.sha256] = replace(row, source_file=content.name)

    def _forget_erased(self, rows: Path) -> None:
        """Blank the rows of erased users in a work copy, before anything else reads it."""
        if self.erased:
            erased_ids.blank_rows(rows, self.home, self.erased, self.memory_limit)

    def commit(self, ignored: list[str]) -> LandingResult:
        """Put work copies in place, then write the register: a kill in between loses no rows."""
        new = [row for sha, row in self.landed.items() if sha not in self.earlier]
        renamed = [
            RenamedFile(old.file_key, sha, old.source_file, self.landed[sha].source_file)
            for sha, old in self.earlier.items()
            if old.source_file != self.landed[sha].source_file
        ]
        refused = [*self.known_refused, *self.refused]
        for row in new:
            copy = f"{row.file_sha256}.parquet"
            self._forget_erased(self.scratch / copy)
            (self.scratch / copy).replace(self.rows / copy)
        if self.anew:
            # from here on the rows are behind
            fingerprint.write(self.home.parent, fingerprint.NOTHING)
        if new:
            # first: a number without files does no harm, files without a number would be missed
            _write_table(self.home, "loads", [*self.loads, _Load(self.load_id, self.now)])
            disk.sync_all(self.home)  # before the register names number and work copies
        if new or renamed or self.anew:
            _write_table(self.home, "landed_files", self.landed.values())
        if self.anew:
            _write_table(self.home, "backfills", [])
        if set(refused) != set(self.refused_before.values()) or self.anew:
            _write_table(self.home, "refused_files", refused)
        if self.redelivered or self.anew:
            _write_table(self.home, "deliveries", chain.from_iterable(self.deliveries.values()))
        return LandingResult(
            load_id=self.load_id if new else None,
            landed=new,
            refused=self.refused,
            known_refused=self.known_refused,
            skipped_changing=self.skipped,
            renamed=renamed,
            ignored=ignored,
        )


def _file_key(sha256: str) -> int:
    return int(sha256[:15], 16)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0]


def _stop_without_room(error: Exception, words: str) -> None:
    """Lack of space or memory is no fault of the file at hand: stop instead of refusing it.

    `words` is the text of the error, less what may come from a delivered file.
    """
    if isinstance(error, LandingError):
        raise error
    if isinstance(error, (MemoryError, pa.ArrowMemoryError, duckdb.OutOfMemoryException)):
        raise LandingError(
            f"Not enough memory to decode ({_first_line(error)}): close other programs, or set "
            "SHOPSTREAM_DUCKDB_MEMORY, e.g. to 2GB."
        ) from error
    number = getattr(error, "errno", None)
    if number in (errno.EMFILE, errno.ENFILE) or "too many open files" in words.lower():
        raise LandingError(too_many_files()) from error
    full = number in (errno.ENOSPC, errno.EDQUOT)
    if full or re.search(r"no space left|quota exceeded", words, re.IGNORECASE):
        raise LandingError(
            f"No space left in the warehouse ({_first_line(error)}): free some, or set "
            "SHOPSTREAM_WAREHOUSE to a larger disk. What was landed before is whole."
        ) from error
