"""Enter what was read into the register: a kill at any moment loses no rows, nor doubles them."""

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from shopstream import disk
from shopstream.errors import LandingError
from shopstream.intake import erased_ids, register
from shopstream.intake.duck import Duck
from shopstream.intake.file_state import let_the_clock_go_on, state_of
from shopstream.intake.finding import named
from shopstream.intake.reader import Content, File, Progress, Reader, file_key_of
from shopstream.intake.register import Delivery, LandedFile, Load, RefusedFile
from shopstream.intake.sources import Source, of_no_file, source_of
from shopstream.plain import plain
from shopstream.warehouse import fingerprint

Found = list[tuple[str, Path, str | None]]
# Tables know a content by these 60 bits: the rows of one would take the place of the other's.
SAME_KEY = (
    "its sha256 begins with the same 15 digits as that of a file landed before, which takes craft; "
    "add an empty line to it, or leave it out. The other one is"
)


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
    unused_descriptions: list[str] = field(default_factory=list)


class Committer:
    """The register as it was when the run began, and what becomes of it."""

    def __init__(
        self, home: Path, duck: Duck, sources: list[Source], on_progress: Progress | None
    ) -> None:
        self.home, self.memory_limit = home, duck.settings["memory_limit"]
        self.sources = sources
        self.rows, self.scratch = home / "landed_rows", home / "extracted"
        self.landed = {row.file_sha256: row for row in register.read_table(home, "landed_files")}
        self.earlier = dict(self.landed)
        self.keys = {row.file_key: row.file_sha256 for row in self.landed.values()}
        self.deliveries: dict[str, list[Delivery]] = {}
        for row in register.read_table(home, "deliveries"):
            self.deliveries.setdefault(row.container, []).append(row)
        refused = register.read_table(home, "refused_files")
        self.refused_before = {(r.source_file, r.file_sha256, r.reason): r for r in refused}
        self.refused: list[RefusedFile] = []
        self.known_refused: list[RefusedFile] = []
        self.skipped: list[str] = []
        self.redelivered = False
        self.anew, self.replaced = False, {}
        self.loads = register.read_table(home, "loads")
        self.load_id = max((load.load_id for load in self.loads), default=0) + 1
        self.erased = {row.user_hash for row in register.read_table(home, "erased_users")}
        self.now = datetime.now(UTC)
        self.reader = Reader(
            self.scratch, duck, sources, lambda sha, _: self.landed.get(sha), on_progress
        )
        self._clean()

    def _clean(self) -> None:
        """Remove what an interrupted run left: scratch, and rows of contents never registered."""
        shutil.rmtree(self.scratch)
        self.scratch.mkdir()
        for path in self.rows.iterdir():
            if path.name.removesuffix(".parquet") not in self.landed:
                path.unlink()

    def begin_anew(self) -> None:
        """Go on as if nothing had been landed."""
        self.replaced = {sha: row for sha, row in self.landed.items() if not row.withdrawn_at}
        self.landed = {sha: row for sha, row in self.landed.items() if row.withdrawn_at}
        self.earlier, self.deliveries, self.refused_before = dict(self.landed), {}, {}
        self.keys = {row.file_key: sha for sha, row in self.landed.items()}
        self.anew = True

    def gone(self) -> list[str]:
        """Names of contents that were landed before and not met again by a run that began anew."""
        return [row.source_file for sha, row in self.replaced.items() if sha not in self.landed]

    def take(self, found: Found) -> None:
        """Take files on disk in, with all their members where they are zips."""
        for name, before, contents in self.reader.read(self._new(found)):
            if contents is None:
                # it still grows, or is gone: nothing of it counts, the next run tries again
                self.skipped.append(name)
                self._keep_refusals(self.deliveries.get(name, []))
                continue
            for content in contents:
                self._accept(content)
            if any(content.passing for content in contents):
                continue  # no delivery: else the file would be known, and never be read
            self.deliveries[name] = [
                Delivery(content.name, name, content.sha256, *before, content.source.hash)
                for content in contents
            ]
            self.redelivered = True

    def _new(self, found: Found) -> Iterator[File]:
        """Those of these files that have to be read."""
        for name, path, trouble in found:
            if trouble:
                self._turn_away(name, trouble)
                continue
            before = state_of(path)
            earlier = self.deliveries.get(name)
            is_known = before and earlier and (earlier[0].bytes, earlier[0].state) == before
            if is_known and all(d.source_hash == self._hash(d.source_file) for d in earlier):
                self._keep_refusals(earlier)
            else:
                let_the_clock_go_on(path)
                yield name, path, before

    def _turn_away(self, name: str, trouble: str) -> None:
        """Refuse a name that leads to no file now; once it does again, it is read anew."""
        self.redelivered |= self.deliveries.pop(name, None) is not None
        self._refuse(name, trouble)

    def _refuse(self, name: str, reason: str, sha256: str | None = None) -> None:
        """Note that a file is refused; it is known when the table says just this already."""
        reason = plain(reason)
        known = self.refused_before.get((name, sha256, reason))
        if known:
            self.known_refused.append(known)
        else:
            self.refused.append(RefusedFile(name, sha256, reason, self.now))

    def _keep_refusals(self, deliveries: list[Delivery]) -> None:
        names = {row.source_file for row in deliveries}
        self.known_refused += (r for r in self.refused_before.values() if r.source_file in names)

    def _accept(self, content: Content) -> None:
        """Enter one content, which lay unchanged while it was read, into the register."""
        row = self.landed.get(content.sha256)
        if content.reason:
            self._refuse(content.name, content.reason, content.sha256)
        elif row is None and content.rows is not None:
            first = self.keys.setdefault(file_key_of(content.sha256), content.sha256)
            if first != content.sha256:
                self._refuse(content.name, f"{SAME_KEY} {first}", content.sha256)
                return
            self.landed[content.sha256] = LandedFile(
                file_key=file_key_of(content.sha256),
                file_sha256=content.sha256,
                source_file=content.name,
                format=content.format,
                bytes=content.bytes,
                first_load_id=self.load_id,
                load_id=self.load_id,
                loaded_at=self.now,
                **_reading(content),
            )
        elif row and content.name < row.source_file:
            self.landed[content.sha256] = replace(row, source_file=content.name)

    def keep_to_descriptions(self, found: Found) -> None:
        """Decode anew, in this load, what was read by another description than now.

        A content is read by the description of its smallest name that is there. Raises LandingError
        where there is none any more, or the content can't be read by it.
        """
        names, stale, gone = self._names(found), {}, []
        for sha256, row in self.landed.items():
            here = names.get(sha256, [])
            name = min(here, default=row.source_file)
            if row.withdrawn_at:
                continue
            if row.rows_read:
                self._check_agreement(here)
            if row.source_hash != self._hash(name):
                stale[sha256] = name
                gone += [] if here else [name]
        if gone:
            raise LandingError(
                f"the description of {named(sorted(gone))} is not the one by which "
                f"{len(gone):,} files were read, and they are not in the landing folder any more. "
                "Put them back, or the description; or take their rows out: "
                ".venv/bin/shopstream withdraw NAME"
            )
        for content in self._decode_again(found, stale):
            if content.rows is not None:
                row = self.landed[content.sha256]
                row = replace(row, load_id=self.load_id, **_reading(content))
                self.landed[content.sha256] = row
            elif not content.passing:
                raise LandingError(
                    f"{content.name} was landed, and can't be read by "
                    f"{content.source.file or 'the nine columns'} as it is now "
                    f"({content.reason}). Mend the description, or take the rows out first: "
                    f".venv/bin/shopstream withdraw {content.name}"
                )

    def _hash(self, name: str) -> str:
        return source_of(name, self.sources).hash

    def _check_agreement(self, names: list[str]) -> None:
        """Raise LandingError where the same bytes are described differently by their names."""
        first, *others = names or [""]
        for name in others:
            if self._hash(name) != self._hash(first):
                raise LandingError(
                    f"{first} and {name} hold the same bytes, and are described differently: "
                    "remove one of them, or describe them alike"
                )

    def _names(self, found: Found) -> dict[str, list[str]]:
        """The names under which contents lie in the landing folder, by their hash."""
        names: dict[str, list[str]] = {}
        for container, _, trouble in found:
            for row in [] if trouble else self.deliveries.get(container, []):
                if row.file_sha256:
                    names.setdefault(row.file_sha256, []).append(row.source_file)
        return names

    def _decode_again(self, found: Found, wanted: dict[str, str]) -> list[Content]:
        """What the files at hand hold of these contents, each under the name given."""
        self.reader.known = lambda sha, name: (
            None if wanted.get(sha) == name else self.landed.get(sha)
        )
        holders = (
            (container, path, state_of(path))
            for container, path, _ in found
            if any(
                wanted.get(row.file_sha256) == row.source_file
                for row in self.deliveries.get(container, [])
            )
        )
        contents = chain.from_iterable(read or [] for _, _, read in self.reader.read(holders))
        return [content for content in contents if wanted.get(content.sha256) == content.name]

    def reread(self, found: Found, wanted: set[str]) -> None:
        """Decode contents that were landed before, from the files that held them then.

        Raises LandingError, before anything is changed, when one of them is not there any more, or
        its description is another.
        """
        names = self._names(found)
        here = {sha: min(names[sha]) for sha in wanted if sha in names}
        for sha256, name in here.items():
            row = self.landed[sha256]
            if row.source_hash != self._hash(name) and not row.withdrawn_at:
                raise LandingError(
                    f"the description of {name} was changed since it was landed; run first: "
                    "make build"
                )
        contents = [c for c in self._decode_again(found, here) if c.rows is not None]
        if missing := wanted - {content.sha256 for content in contents}:
            names = sorted(self.landed[sha].source_file for sha in missing)
            raise LandingError(
                f"{len(names)} files are needed that are not in the landing folder any more, or "
                f"were changed: {', '.join(names[:20])}. Put them back as they were delivered, or "
                "choose other dates."
            )
        before = dict(self.landed)
        self._put_in_place(content.sha256 for content in contents)
        for content in contents:
            row = self.landed[content.sha256]
            self.landed[content.sha256] = replace(row, **_reading(content))
        if self.landed != before:
            register.write_table(self.home, "landed_files", self.landed.values())

    def _put_in_place(self, shas: Iterable[str]) -> None:
        """Move work copies to where models read them, without the rows of erased users."""
        copies = [self.scratch / f"{sha}.parquet" for sha in shas]
        if copies and self.erased:
            erased_ids.blank_rows(copies, self.home, self.erased, self.memory_limit)
        for copy in copies:
            copy.replace(self.rows / copy.name)

    def commit(self, ignored: list[str]) -> LandingResult:
        """Put work copies in place, then write the register: a kill in between loses no rows."""
        new = [row for row in self.landed.values() if row.load_id == self.load_id]
        renamed = [
            RenamedFile(old.file_key, sha, old.source_file, self.landed[sha].source_file)
            for sha, old in self.earlier.items()
            if old.source_file != self.landed[sha].source_file
        ]
        self._put_in_place(row.file_sha256 for row in new)
        if self.anew:
            # from here on the rows are behind
            fingerprint.write(self.home.parent, fingerprint.NOTHING)
        self._write_register(new, is_renamed=bool(renamed))
        return LandingResult(
            load_id=self.load_id if new else None,
            landed=new,
            refused=self.refused,
            known_refused=self.known_refused,
            skipped_changing=self.skipped,
            renamed=renamed,
            ignored=ignored,
            unused_descriptions=of_no_file(
                (row.source_file for rows in self.deliveries.values() for row in rows), self.sources
            ),
        )

    def _write_register(self, new: list[LandedFile], *, is_renamed: bool) -> None:
        """Write the tables that have changed."""
        if new:
            # first: a number without files does no harm, files without a number would be missed
            loads = [*self.loads, Load(self.load_id, self.now)]
            register.write_table(self.home, "loads", loads)
            disk.sync_all(self.home)  # before the register names number and work copies
        if new or is_renamed or self.anew:
            register.write_table(self.home, "landed_files", self.landed.values())
        if self.anew:
            register.write_table(self.home, "backfills", [])
        refused = [*self.known_refused, *self.refused]
        if set(refused) != set(self.refused_before.values()) or self.anew:
            register.write_table(self.home, "refused_files", refused)
        if self.redelivered or self.anew:
            deliveries = chain.from_iterable(self.deliveries.values())
            register.write_table(self.home, "deliveries", deliveries)


def _reading(content: Content) -> dict:
    """The fields of a landed file that depend on how it was read."""
    return {
        "rows_read": content.rows,
        "notes": content.notes and plain(content.notes),
        "source_hash": content.source.hash,
        "window_start": content.source.window_start,
        "window_end": content.source.window_end,
    }
