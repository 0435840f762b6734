"""What was found out about files before they are landed, for people and for programs."""

import json
import shlex
from pathlib import Path

from shopstream.console import announce, console
from shopstream.intake.shapes.description import written
from shopstream.people.query import print_table
from shopstream.plain import plain, plain_json, plain_lines
from shopstream.run.inspection import AS_IT_IS, DESCRIBED, Report

_TIME = "%Y-%m-%d %H:%M:%S"
SHOWN = 80  # characters of an example
_PACKED = {"gz": "gzip", "zst": "zstd", "bz2": "bzip2", None: ""}
_FORMS = {"csv": "CSV", "jsonl": "JSON lines", "parquet": "Parquet"}
_NAMED = {"\t": "tabulator", " ": "blank"}


def print_json(reports: list[Report]) -> None:
    """One list, an object for each file."""
    rows = [report.as_dict() for report in reports]
    print(plain_json(json.dumps(rows, indent=1, default=str, ensure_ascii=False)))


def print_reports(reports: list[Report], files: list[str], written: list[Path]) -> None:
    """Each file in words and tables, what was written, and what to do next."""
    for report in reports:
        _print(report)
    for path in written:
        announce(f"Written: {plain(str(path))}. Look at it, then: make build")
    if not written and any(report.description is not None for report in reports):
        announce(f"To write it: .venv/bin/shopstream inspect --write {plain(shlex.join(files))}")


def _print(report: Report) -> None:
    by = f" {report.source}" if report.source and report.verdict == DESCRIBED else ""
    console.print(f"\n[bold]{report.verdict}{by}[/bold]: ", end="")
    announce(plain(report.file))
    if report.cause:
        announce(f"  Cause: {plain(report.cause)}")
    if report.form:
        announce(f"  {_form(report)}")
    if report.columns:
        rows = [
            (each["name"] or "", each["ours"] or "", each["how"] or "", _cut(each["example"]))
            for each in report.columns
        ]
        print_table(["column", "is our", "found", "such as"], rows)
    if report.first_time:
        first, last = (f"{time:{_TIME}}" for time in (report.first_time, report.last_time))
        announce(f"  Times: {first} to {last} UTC")
    if report.event_types:
        rows = [
            (_cut(each["delivered"]), _cut(each["becomes"]), f"{each['rows']:,}")
            for each in report.event_types
        ]
        print_table(["event type", "becomes", "rows"], rows)
    _print_left_out(report)
    for note in report.notes:
        announce(f"  Note: {plain(note)}")
    if report.description is not None:
        _print_description(report)


def _form(report: Report) -> str:
    words = [" in ".join(filter(None, [_FORMS[report.form], _PACKED[report.packing]]))]
    if report.delimiter:
        words.append(f"delimiter {_NAMED.get(report.delimiter, report.delimiter)}")
        words.append("a header line" if report.has_header else "no header line")
    words += [report.encoding] if report.encoding else []
    rows = f"{report.rows:,} rows"
    if not report.rows_exact:
        rows = f"some {rows} by its bytes; what follows is of the first {report.rows_read:,} rows"
    return ", ".join([*words, rows])


def _print_left_out(report: Report) -> None:
    if not report.first_time and not report.left_out:
        return
    of = "the rows" if report.rows_exact else f"the first {report.rows_read:,} rows"
    share = 100 * sum(each["share"] for each in report.left_out)
    announce(
        f"  Of {of}: {report.usable:,} usable, of which {report.duplicates:,} duplicates; "
        f"{share:.2f} % unusable or out of the window"
    )
    if report.left_out:
        rows = [
            (
                each["reason"],
                f"{each['total_rows']:,}",
                f"{100 * each['share']:.2f} %",
                f"{each['first_row']:,}",
                _cut(each["example"], 2 * SHOWN),
            )
            for each in report.left_out
        ]
        print_table(["left out", "rows", "share", "first row", "such as"], rows)
    if report.window:
        announce(f"  {report.window}")


def _print_description(report: Report) -> None:
    also = "could be" if report.verdict == AS_IT_IS else "has to be"
    announce(f"  It {also} described so (sources/NAME.yml in the landing folder):")
    for line in written(report.description, [report.file]).splitlines():
        announce(f"    {plain_lines(line)}")


def _cut(text: str | None, most: int = SHOWN) -> str:
    shown = plain(text or "")
    return shown if len(shown) <= most else f"{shown[:most]} ..."
