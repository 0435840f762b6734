"""Read delivered files: each content is decoded once, into a work copy in the scratch folder.

What an error means for a file is decided here: it is refused, tried again by the next run, or the
run itself can't go on.
"""

import errno
import hashlib
import logging
import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import duckdb
import pyarrow as pa

from shopstream.disk import too_many_files
from shopstream.errors import LandingError
from shopstream.intake.archives import (
    EMPTY,
    NO_MEMBERS,
    Refused,
    event_members,
    extract,
    most_unpacked,
    name_in,
)
from shopstream.intake.columns import Unnamed
from shopstream.intake.decode import decode, lacking
from shopstream.intake.duck import Duck
from shopstream.intake.file_state import State, state_of
from shopstream.intake.path_values import path_values, sha_with
from shopstream.intake.register import LandedFile
from shopstream.intake.shapes.names import could_be_ours
from shopstream.intake.small_files import SMALL, Failures, SmallFiles
from shopstream.intake.sources import DEFAULT, Source, format_of, source_of
from shopstream.intake.work_copy import Job
from shopstream.stopping import raise_if_stopped

log = logging.getLogger(__name__)
Progress = Callable[[str, int, int], None]
File = tuple[str, Path, State | None]
# Errors of the disk, the system or the rights, not of what a file holds: the next run tries again.
_PASSING = {
    *(errno.EACCES, errno.EPERM, errno.ENOENT, errno.EIO, errno.ENOMEM),
    *(errno.ESTALE, errno.EAGAIN, errno.EINTR, errno.EBUSY, errno.ETIMEDOUT, errno.ENODEV),
    *(errno.ENXIO, errno.EREMOTEIO, errno.EHOSTDOWN, errno.ENOTCONN),
}


@dataclass(frozen=True)
class Content:
    """A file or zip member after it was read: its rows, or the reason against it, or neither.

    `source` is the description of its name.
    """

    name: str
    sha256: str | None = None
    format: str = ""
    bytes: int = 0
    rows: int | None = None
    notes: str | None = None
    reason: str | None = None
    passing: bool = False
    source: Source = DEFAULT


Held = tuple[str, State | None, list[Content] | None]


class Reader:
    """Reads files into `scratch`, as `sources` describe them.

    A content that is `known` by its hash (and the name at hand) is not decoded again.
    """

    def __init__(
        self,
        scratch: Path,
        duck: Duck,
        sources: list[Source],
        known: Callable[[str, str], LandedFile | None],
        on_progress: Progress | None,
    ) -> None:
        self.scratch, self.duck, self.sources = scratch, duck, sources
        self.small = SmallFiles(duck)
        self.known, self.on_progress = known, on_progress

    def read(self, files: Iterable[File]) -> Iterator[Held]:
        """Name, state and contents of each file on disk, with their work copies in the scratch.

        None for the contents of one that is gone or not as it was before reading.
        """
        held: list[Held] = []
        for name, path, before in files:
            contents = self._unchanged(name, path, before)
            held.append((name, before, contents))
            # a large one is known at once, lest it is decoded under its next name again
            if self.small.are_enough() or any(c.bytes >= SMALL for c in contents or []):
                yield from self._written(held)
                held = []
        yield from self._written(held)

    def _written(self, held: list[Held]) -> Iterator[Held]:
        """These contents, once the small ones are written; those that could not be are refused."""
        failures = self.small.write()
        for name, before, contents in held:
            yield name, before, contents and [self._final(c, failures) for c in contents]

    def _final(self, content: Content, failures: Failures) -> Content:
        if content.rows is not None and (error := failures.get(content.sha256)):
            content = self._failed(content.name, content.format, error, content.sha256)
        return replace(content, source=source_of(content.name, self.sources))

    def _unchanged(self, name: str, path: Path, before: State | None) -> list[Content] | None:
        if before is None:
            return None
        kind = format_of(name, self.sources)
        contents = self._zip(name, path) if kind == "zip" else [self._read(name, path)]
        return contents if state_of(path) == before else None

    def _zip(self, name: str, path: Path) -> list[Content]:
        """The archive itself, which has no rows of its own, then its members."""
        try:
            if not path.stat().st_size:
                raise Refused(EMPTY)
            with ZipFile(path) as archive:
                members = list(event_members(archive, lambda m: self._format_in(name, m)))
                if not members:
                    raise Refused(NO_MEMBERS)
                return [Content(name), *(self._member(name, archive, *m) for m in members)]
        except Exception as error:
            return [self._failed(name, "zip", error)]

    def _format_in(self, container: str, member: str) -> str | None:
        return format_of(name_in(container, member), self.sources)

    def _member(
        self, container: str, archive: ZipFile, info: ZipInfo, objection: str | None
    ) -> Content:
        name, unpacked = name_in(container, info.filename), self.scratch / "member"
        if objection:
            return Content(name, reason=objection)
        try:
            sha256 = extract(archive, info, unpacked)
            return self._read(name, unpacked, sha256, info.compress_size)
        except Exception as error:
            return self._failed(name, "zip", error)
        finally:
            unpacked.unlink(missing_ok=True)

    def _read(
        self, name: str, path: Path, sha256: str | None = None, held: int | None = None
    ) -> Content:
        """Decode one content, unless it is known; `held` is what it takes up in its archive."""
        kind, source = format_of(name, self.sources), source_of(name, self.sources)
        try:
            size = path.stat().st_size
            advance = partial(self._progress, name, size)
            advance(0)
            if not size:
                raise Refused(EMPTY)
            most = most_unpacked(held or size)
            given = lacking(path, kind, source, path_values(name), most)
            sha256 = sha_with(sha256 or sha256_of(path), given)
            known = self.known(sha256, name)
            # the same bytes under an ending that does not fit them are refused as ever
            if known and known.format == kind:
                return Content(name, sha256)
            job = Job(
                path=path,
                kind=kind,
                key=file_key_of(sha256),
                target=self.scratch / f"{sha256}.parquet",
                advance=advance,
                given=given | source.constants,
                most=most,
                source=source,
            )
            is_small = size < SMALL and kind != "parquet"
            rows, notes = self.small.read(job) if is_small else decode(job, self.duck)
            advance(size)
            return Content(name, sha256, kind, size, rows, notes)
        except Exception as error:
            return self._failed(name, kind, error, sha256)

    def _failed(self, name: str, kind: str, error: Exception, sha: str | None = None) -> Content:
        """The refusal that an error means for this one file."""
        raise_if_stopped()
        if isinstance(error, Unnamed) and could_be_ours(error.names):
            words = f"its columns could be ours: .venv/bin/shopstream inspect {shlex.quote(name)}"
            return Content(name, sha, reason=f"{error}; {words} --write")
        if isinstance(error, Refused):
            return Content(name, sha, reason=str(error))
        # what an error quotes is the file's own name or text; only DuckDB writes without an errno
        own_words = re.split("[\"']", str(error))[-1] if isinstance(error, duckdb.Error) else ""
        stop_without_room(error, own_words)
        log.error("%s could not be read", name, exc_info=error)
        if isinstance(error, OSError) and error.errno in _PASSING:
            reason = (
                f"can't be read now ({error.strerror}): check its rights and the disk; the next "
                "run tries again"
            )
            return Content(name, sha, reason=reason, passing=True)
        # an unpacked member lies under a name that means nothing to its sender
        line = first_line(error)
        for own in ("member", "delivered.parquet"):
            line = line.replace(str(self.scratch / own), name)
        reason = (
            f"can't be read as {kind} ({type(error).__name__}: {line}): deliver it again, whole"
        )
        return Content(name, sha, reason=reason)

    def _progress(self, name: str, total: int, done: int) -> None:
        if self.on_progress:
            try:
                self.on_progress(name, min(done, total), total)
            except Exception:  # a broken display is no reason to refuse a file
                log.exception("on_progress failed")
                self.on_progress = None


def file_key_of(sha256: str) -> int:
    """The number by which tables know a content."""
    return int(sha256[:15], 16)


def sha256_of(path: Path) -> str:
    """The hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def first_line(error: BaseException) -> str:
    """The first line of an error's words."""
    return (str(error).splitlines() or [""])[0]


def stop_without_room(error: Exception, words: str) -> None:
    """Lack of space or memory is no fault of the file at hand: stop instead of refusing it.

    `words` is the text of the error, less what may come from a delivered file.
    """
    if isinstance(error, LandingError):
        raise error
    if isinstance(error, (MemoryError, pa.ArrowMemoryError, duckdb.OutOfMemoryException)):
        raise LandingError(
            f"Not enough memory to decode ({first_line(error)}): close other programs, or set "
            "SHOPSTREAM_DUCKDB_MEMORY, e.g. to 2GB."
        ) from error
    number = getattr(error, "errno", None)
    if number in (errno.EMFILE, errno.ENFILE) or "too many open files" in words.lower():
        raise LandingError(too_many_files()) from error
    full = number in (errno.ENOSPC, errno.EDQUOT)
    if full or re.search(r"no space left|quota exceeded", words, re.IGNORECASE):
        raise LandingError(
            f"No space left in the warehouse ({first_line(error)}): free some, or set "
            "SHOPSTREAM_WAREHOUSE to a larger disk. What was landed before is whole."
        ) from error
