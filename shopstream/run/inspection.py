"""What `shopstream inspect` finds out about files, without a build and without a warehouse."""

import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile, is_zipfile

import duckdb
import pyarrow as pa

from shopstream.config import rules
from shopstream.intake.archives import NO_MEMBERS, Refused, event_format, event_members, name_in
from shopstream.intake.decode import decode, lacking
from shopstream.intake.duck import Duck, default_memory_limit
from shopstream.intake.finding import find, name_of
from shopstream.intake.foreign_tables import EXPORT, table_kind
from shopstream.intake.path_values import path_values
from shopstream.intake.shapes.description import exact, write, written
from shopstream.intake.shapes.head import NOT_UTF8, Head, head_of
from shopstream.intake.shapes.proposal import Finder, Proposal
from shopstream.intake.sources import (
    DEFAULT,
    Source,
    described,
    format_of,
    source_of,
    sources,
)
from shopstream.intake.work_copy import Job
from shopstream.run.model_rules import Judge

AS_IT_IS, DESCRIBED, UNREADABLE = "builds as it is", "builds by a description", "can't be read"
_LEFT_OUT = """
    select
        coalesce(reason, fate) as reason,
        count(*) as total_rows,
        count(*) / (select count(*) from judged) as share,
        min(row_number) as first_row,
        arg_min(coalesce(delivered_row, event_time::varchar), row_number) as example
    from judged
    where fate != 'in_window'
    group by all
    order by total_rows desc, reason
"""
_FIGURES = """
    select
        min(event_time) filter (reason is null) as first_time,
        max(event_time) filter (reason is null) as last_time,
        count(*) filter (fate = 'in_window') as usable,
        count(*) filter (fate = 'in_window')
        - count(distinct (event_time, user_id, product_id, event_type, price))
            filter (fate = 'in_window') as duplicates
    from judged
"""
SHOWN_TYPES = 100
TEXTS = (".tsv", ".tab", ".txt", ".dat", ".psv", ".log")
TO_UTF8 = "it is not UTF-8: convert it, as with iconv -f WINDOWS-1252 -t UTF-8 old > new"


@dataclass
class Report:
    """What was found out about one content.

    file: as landing names it. verdict: one of three; cause: what keeps it from being read and the
    remedy. form, packing, encoding, delimiter, has_header: None where that is not known. rows: of
    the whole, an estimate unless `rows_exact`; rows_read: those of the head, which all counts are
    of. columns: delivered name, our column, how it was found, an example. event_types: delivered
    name, what it becomes, rows. left_out: reason, rows, share (0 to 1), first row and example.
    source: the file of the description that reads it; description: keys of one to be written, None
    where none is needed or known.
    """

    file: str
    verdict: str = UNREADABLE
    cause: str | None = None
    form: str | None = None
    packing: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    has_header: bool | None = None
    rows: int | None = None
    rows_exact: bool = True
    rows_read: int = 0
    columns: list[dict] = field(default_factory=list)
    first_time: datetime | None = None
    last_time: datetime | None = None
    event_types: list[dict] = field(default_factory=list)
    usable: int = 0
    duplicates: int = 0
    left_out: list[dict] = field(default_factory=list)
    window: str | None = None
    source: str | None = None
    description: dict | None = None
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict:
        """The report for programs."""
        return asdict(self)


class Inspector:
    """Inspects files; what it makes lies in `scratch`, which its owner deletes."""

    def __init__(self, landing: Path, scratch: Path, judge: Judge) -> None:
        self.landing, self.scratch, self.judge = landing, scratch, judge
        self.duck = Duck(scratch, default_memory_limit())
        self.described = sources(landing)
        self.number = 0

    def reports(self, path: Path) -> Iterator[Report]:
        """A report for a file, for an archive one for each member that could hold events."""
        name = self.name_of(path)
        try:
            self._refuse_no_file(path)
            with path.open("rb") as stream:
                is_zip = stream.read(4) == b"PK\3\4"
                if is_zip or (event_format(name) == "zip" and is_zipfile(path)):
                    yield from self._members(path, name)
                    return
                stream.seek(0)
                yield self._report(stream, path.stat().st_size, name)
        except Refused as error:
            yield Report(name, cause=str(error))
        except OSError as error:
            words = f"it can't be read ({error.strerror or error}): check its name and its rights"
            yield Report(name, cause=words)

    def name_of(self, path: Path) -> str:
        """The name that landing gives to a file, which need not be there yet."""
        whole = Path(os.path.abspath(path))
        inside = whole.is_relative_to(self.landing)
        return name_of(whole.relative_to(self.landing) if inside else Path(whole.name))

    def _refuse_no_file(self, path: Path) -> None:
        for folder in [path, *path.resolve().parents]:
            if folder.is_dir() and (table := table_kind(folder)):
                raise Refused(f"it is of {table}, whose files hold deleted rows too: {EXPORT}")
        if path.is_dir():
            raise Refused("a folder: name the files in it")
        if path.exists() and not path.is_file():
            raise Refused("neither a file nor a link to one: name a file")

    def _members(self, path: Path, name: str) -> Iterator[Report]:
        try:
            with ZipFile(path) as archive:
                if "[Content_Types].xml" in archive.NameToInfo:
                    raise Refused(
                        "an Office document (.xlsx or the like): save its sheet as CSV UTF-8"
                    )
                members = list(event_members(archive, lambda m: self._may_hold_rows(name, m)))
                if not members:
                    raise Refused(NO_MEMBERS)
                for info, objection in members:
                    member = name_in(name, info.filename)
                    if objection:
                        yield Report(member, cause=objection)
                        continue
                    with archive.open(info) as stream:
                        yield self._of_member(stream, info.file_size, member)
        except (BadZipFile, EOFError) as error:
            raise Refused(
                f"the zip is cut short or damaged ({error}): deliver it again, whole"
            ) from None

    def _may_hold_rows(self, container: str, member: str) -> bool:
        known = format_of(name_in(container, member), self.described)
        return bool(known) or Path(member).suffix.lower() in TEXTS

    def _of_member(self, stream: BinaryIO, size: int, name: str) -> Report:
        try:
            return self._report(stream, size, name)
        except Refused as error:
            return Report(name, cause=str(error))

    def _report(self, stream: BinaryIO, size: int, name: str) -> Report:
        self.number += 1
        head = head_of(stream, size, name, self.scratch / f"head{self.number}")
        report = Report(
            name,
            form=head.form,
            packing=head.packing or None,
            encoding=head.encoding or None,
            delimiter=head.delimiter if head.form == "csv" else None,
            has_header=head.has_header if head.form == "csv" else None,
            rows=head.total,
            rows_exact=head.whole,
            rows_read=head.rows.num_rows,
        )
        source = source_of(name, self.described)
        with duckdb.connect() as con:
            given = path_values(name)
            finder = Finder(head, con, given)
            proposal = finder.proposal()
            best = self._judge(report, head, source, proposal)
            report.columns = list(_columns(finder, proposal))
            report.event_types = _event_types(finder, proposal, best)
        return report

    def _judge(self, report: Report, head: Head, source: Source, proposal: Proposal) -> Source:
        """Try to land the head: as described, as it is, or as proposed, whichever gives rows."""
        report.notes = list(proposal.notes)
        if head.encoding == NOT_UTF8:
            report.notes.insert(0, TO_UTF8)
        best, may_propose = self._trial(head, source), source == DEFAULT
        if may_propose and not proposal.questions:
            proposed = self._proposed(head, proposal)
            is_named = format_of(head.name, [proposed]) == head.ending
            if proposal.description or (is_named and not self._is_named(head)):
                report.description = proposal.description
            if report.description and not best.is_whole:
                trial = self._trial(head, proposed)
                best = trial if trial.usable > best.usable or best.refused else best
            if not self._is_named(head) and is_named:
                best.source = proposed
        report.source = source.file or None
        report.verdict = AS_IT_IS if best.source == DEFAULT else DESCRIBED
        best.tell(report, head)
        if best.refused or (best.rows and not best.usable):
            report.verdict = UNREADABLE
            report.cause = "; ".join(proposal.questions) or best.refused or _no_row(report)
        elif format_of(head.name, [best.source]) != head.ending:
            report.verdict, report.description = UNREADABLE, None
            report.cause = f"its name does not end in what it is: let it end in .{head.ending}"
        return best.source

    def _is_named(self, head: Head) -> bool:
        """Whether landing takes the file for what it is, by its name and descriptions."""
        return format_of(head.name, self.described) == head.ending

    def _proposed(self, head: Head, proposal: Proposal) -> Source:
        """The proposal as landing would read it. Raises SourceError."""
        path = self.scratch / f"proposed{self.number}.yml"
        path.write_text(written(proposal.description, [exact(head.name)]))
        return replace(described(path), file="")

    def _trial(self, head: Head, source: Source) -> "Trial":
        self.number += 1
        copy, most = self.scratch / f"copy{self.number}.parquet", 1 << 40
        try:
            given = lacking(head.path, head.form, source, path_values(head.name), most)
            job = Job(
                path=head.path,
                kind=head.form,
                key=self.number,
                target=copy,
                advance=lambda done: None,
                given=given | source.constants,
                most=most,
                source=source,
            )
            rows, notes = decode(job, self.duck)
            return Trial(source, rows, notes, self.judge(copy, source) if rows else None)
        except Refused as error:
            return Trial(source, refused=str(error))


@dataclass
class Trial:
    """What becomes of a head's rows by one description: they are judged, or refused."""

    source: Source
    rows: int = 0
    notes: str | None = None
    judged: pa.Table | None = None
    refused: str | None = None

    @cached_property
    def figures(self) -> dict:
        """What `_FIGURES` counts; nothing where there are no rows."""
        return _ask(self.judged, _FIGURES)[0] if self.judged else {}

    @property
    def usable(self) -> int:
        """Rows that are in the window."""
        return self.figures.get("usable", 0)

    @property
    def is_whole(self) -> bool:
        """Whether nothing speaks against reading it so."""
        return not self.refused and self.usable == self.rows

    def tell(self, report: Report, head: Head) -> None:
        """Put the figures into a report."""
        if self.notes:
            report.notes.append(self.notes)
        if not self.judged:
            return
        # Landing reads odd rows in its own way: a line that is no row counts as one.
        if head.whole:
            report.rows = self.rows
        else:
            report.rows = round(head.total * self.rows / max(head.rows.num_rows, 1))
        report.rows_read = self.rows
        for name, value in self.figures.items():
            setattr(report, name, value)
        report.left_out = _ask(self.judged, _LEFT_OUT)
        if any(each["reason"] == "other_currency" for each in report.left_out):
            report.notes.append(
                f"the store's currency is {rules()['store_currency']}: where yours is another, set "
                "store_currency in dbt_project.yml before its first build"
            )
        report.window = _window(report, self.source)


def _no_row(report: Report) -> str:
    """The cause where rows were read and none could be used."""
    reasons = ", ".join(each["reason"] for each in report.left_out)
    return "; ".join([f"no row of it could be used: {reasons}", *report.notes])


def _ask(judged: pa.Table, sql: str) -> list[dict]:
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        con.register("judged", judged)
        return con.sql(sql).to_arrow_table().to_pylist()


def _window(report: Report, source: Source) -> str | None:
    """What to set where rows are out of the window."""
    if not any(each["reason"] == "out_of_window" for each in report.left_out):
        return None
    first, last = (f"{time:%Y-%m-%d}" for time in (report.first_time, report.last_time))
    words = (
        f"The window is {rules()['window_start'] or 'open'} to {rules()['window_end'] or 'open'}: "
        f'dbt_project.yml, window_start: "{first}" and window_end: "{last}" take all rows in.'
    )
    if source.window_start or source.window_end:
        where = f"{source.file}, " if source.file else ""
        words += f" That of the description, too: {where}window: {{start: {first}, end: {last}}}."
    return words


def _columns(finder: Finder, proposal: Proposal) -> Iterator[dict]:
    ours = {name: (column, how) for column, (name, how) in proposal.found.items()}
    for name in finder.head.names:
        column, how = ours.get(name, (None, None))
        held = finder.columns.get(name)
        example = next(iter(held.counts), None) if held else None
        yield {"name": name, "ours": column, "how": how, "example": example}
    for column in finder.given:
        yield {"name": None, "ours": column, "how": "by the path", "example": finder.given[column]}


def _event_types(finder: Finder, proposal: Proposal, source: Source) -> list[dict]:
    """Delivered event types, what each becomes, and rows."""
    name, _ = proposal.found.get("event_type", (None, None))
    if name not in finder.columns:
        return []
    names = {key.lower(): ours for key, ours in rules()["event_type_names"].items()}
    known = names | source.event_types
    return [
        {"delivered": value, "becomes": known.get(value.lower(), value.lower()), "rows": rows}
        for value, rows in list(finder.columns[name].counts.items())[:SHOWN_TYPES]
    ]


def inspect(landing: Path, paths: list[Path], judge: Judge) -> list[Report]:
    """Reports on files, in their order. Raises SourceError."""
    with tempfile.TemporaryDirectory(prefix="shopstream-inspect-") as scratch:
        inspector = Inspector(landing, Path(scratch), judge)
        try:
            return [report for path in paths for report in inspector.reports(path)]
        finally:
            inspector.duck.close()


def would_build(report: Report) -> bool:
    """Whether a build would take rows of it in, as file and descriptions are now."""
    return report.verdict == AS_IT_IS or bool(report.verdict == DESCRIBED and report.source)


def write_descriptions(landing: Path, reports: list[Report]) -> list[Path]:
    """Write what is proposed, files of one description in one; returns the paths written."""
    alike: dict[str, list[Report]] = {}
    for report in reports:
        if report.description is not None:
            alike.setdefault(json.dumps(report.description), []).append(report)
    here = [name for name, _, _ in find(landing, landing / "warehouse")] if alike else []
    written = []
    for group in alike.values():
        names = [report.file for report in group]
        others = [name for name in here if name not in names]
        written.append(write(landing, names, group[0].description, others))
    return written
