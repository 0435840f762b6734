"""Parquet as the text that a CSV would have, value by value."""

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shopstream.intake import work_copy
from shopstream.intake.archives import Refused, too_much
from shopstream.intake.columns import ROW_COLUMNS, resolve
from shopstream.intake.described import described_rows, is_described
from shopstream.intake.duck import Database
from shopstream.intake.sources import Source
from shopstream.intake.work_copy import (
    EXACT_TIMES,
    ID_COLUMNS,
    WHOLE_COLUMNS,
    Job,
    cell,
    exact_text,
    literal,
)

ENCRYPTED = b"PARE", "an encrypted Parquet file: write it without encryption"
_PIECE, _LONGEST_FOOTER = 1 << 20, 64 << 20
LEAST_ROW = 64  # bytes that a row counts as: its runs of one value take up nothing
# Of milliseconds that microseconds don't reach.
MILLISECONDS = (
    "case when times.ms between -62135596800000 and 253402300799999 "
    "then make_timestamp(times.ms * 1000)::varchar || ' UTC' else times.ms || ' ms' end"
)
_LONG = pa.int64()


def decode_parquet(con: Database, job: Job) -> tuple[int, str | None]:
    """Write the rows of a Parquet file; their number, and notes on its columns. Raises Refused."""
    path, footer = _opened(job.path, job.target, job.most)
    schema = footer.schema.to_arrow_schema()
    names = schema.names  # DuckDB renames those it takes for doubles
    where, notes = resolve(names, "name these columns in the file", job.source, job.given)
    for column, at in where.items():
        if pa.types.is_decimal256(schema.field(at).type):
            raise Refused(f"{column} is a decimal of more than 38 digits: write it with 38")
    with path.open("rb") as stream:
        refuse_joined(stream)
    source = "read_parquet($1, hive_partitioning = false, binary_as_string = true)"
    values, size = [str(path)], path.stat().st_size
    described = con.execute(f"describe select * from {source}", values).fetchall()
    shown = {c: (literal(job.given.get(c)), "VARCHAR") for c in ROW_COLUMNS}
    shown |= {c: (_quoted(described[at][0]), described[at][1]) for c, at in where.items()}

    def copy(number: str, rows: str, source: Source = job.source) -> None:
        select = _select(source, number, shown, rows)
        select = f"select {job.key}::bigint as file_key, * from ({select})"
        with _polled(con, lambda percent: job.advance(int(size * percent / 100))):
            work_copy.copy(con, select, values, job.target)

    taken = any(name.lower() == "file_row_number" for name in names)
    try:
        copy("row_number() over ()" if taken else "file_row_number + 1", source)
    except duckdb.InvalidInputException as error:
        if "File is encrypted" not in str(error):
            raise
        raise Refused(f"this is {ENCRYPTED[1]}") from None
    except duckdb.ConversionException as error:
        if "Could not convert Timestamp(MS)" not in str(error):
            raise
        if job.source.zone != "UTC":
            reason = "event_time holds times that microseconds don't reach: write them with a zone"
            raise Refused(reason) from None
        # DuckDB reads milliseconds as microseconds, and stops where those don't reach
        con.register("times", _milliseconds(path, names[where["event_time"]]))
        shown["event_time"] = MILLISECONDS, "VARCHAR"
        try:
            as_text = replace(job.source, time_format="text")
            copy("times.number", f"{source} positional join times", as_text)
        finally:
            con.unregister("times")
    return footer.num_rows, notes


def _select(source: Source, number: str, shown: dict[str, tuple[str, str]], rows: str) -> str:
    """SQL of the rows of the work copy; `shown` are SQL and type of each of our columns."""
    values, kinds = [], {}
    for column, (value, kind) in shown.items():
        kinds[column] = kind
        if is_described(source, column, kind):
            value, kinds[column] = f"{_as_text(value, kind, column)}::varchar", "VARCHAR"
        values.append(f"{value} as {column}")
    values = ", ".join(values)
    rows = f"(select {number} as row_number, null::varchar as bad_row, {values} from {rows})"
    rows = described_rows(source, rows, {column: kind for column, (_, kind) in shown.items()})
    cells = ", ".join(_parquet_cell(column, column, kind) for column, kind in kinds.items())
    return f"select row_number, bad_row, {cells} from {rows}"


def _opened(path: Path, target: Path, most: int) -> tuple[Path, pq.FileMetaData]:
    """A Parquet file under a name of our own: DuckDB takes some for patterns, can't say others."""
    plain = target.with_name("delivered.parquet")
    plain.unlink(missing_ok=True)
    plain.symlink_to(path.resolve())
    with path.open("rb") as stream:
        if stream.read(4) == ENCRYPTED[0]:
            raise Refused(f"this is {ENCRYPTED[1]}")
    footer = pq.read_metadata(plain)
    if max(footer.num_rows * LEAST_ROW, _plain_bytes(footer)) > most:
        raise Refused(too_much())
    return plain, footer


def refuse_joined(stream: BinaryIO, most: float = math.inf) -> None:
    """Raise Refused for files that were joined: all readers take a part of them for the whole.

    They show by an end and a beginning side by side, so much is read. Footers say it, too, but
    pyarrow ends the process when it is asked for the place of a column that is encrypted.
    """
    at, last = stream.seek(0), b""
    while at < most and (piece := stream.read(_PIECE)):
        found = (last + piece).find(b"PAR1PAR1")
        if found >= 0 and _has_footer(stream, at - len(last) + found):
            raise Refused("these are several Parquet files joined into one: deliver each by itself")
        at, last = stream.seek(at + len(piece)), piece[-7:]


def _has_footer(stream: BinaryIO, end: int) -> bool:
    """Whether a footer stands before `end`: a value may hold the mark, too."""
    stream.seek(max(end - 4, 0))
    length = int.from_bytes(stream.read(4), "little")
    if length > min(end - 8, _LONGEST_FOOTER):
        return False
    stream.seek(end - 4 - length)
    try:
        return bool(pq.read_metadata(pa.BufferReader(b"PAR1" + stream.read(length + 8))))
    except (pa.ArrowException, OSError):
        return False


def _plain_bytes(footer: pq.FileMetaData) -> int:
    return sum(footer.row_group(at).total_byte_size for at in range(footer.num_row_groups))


def _quoted(name: str) -> str:
    return f'"{name.replace(chr(34), 2 * chr(34))}"'


def _milliseconds(path: Path, name: str) -> pa.RecordBatchReader:
    """A column of timestamps as plain numbers, and the numbers of its rows."""
    schema = pa.schema([("ms", _LONG), ("number", _LONG)])

    def batches() -> Iterator[pa.RecordBatch]:
        rows = 0
        for batch in pq.ParquetFile(path).iter_batches(columns=[name]):
            # Parquet has no seconds: pyarrow would only make them of milliseconds
            ms = batch.column(0).cast(pa.timestamp("ms")).cast(_LONG)
            numbers = pa.array(np.arange(rows + 1, rows + len(ms) + 1))
            rows += len(ms)
            yield pa.RecordBatch.from_arrays([ms, numbers], schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _parquet_cell(column: str, value: str, kind: str) -> str:
    """SQL of a column of the work copy from a value of a Parquet type."""
    text = f"{_as_text(value, kind, column)}::varchar"
    if column in ID_COLUMNS and kind in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT"):
        exact = value
    elif column == "event_time" and kind.startswith("TIMESTAMP") and not kind.endswith("_NS"):
        exact = f"case when {value} between {EXACT_TIMES} then {value} end"
    elif column == "price" and kind == "DOUBLE":
        cents = f"try_cast({value} as decimal(12, 2))"
        exact = f"case when {cents}::double = {value} then {cents} end"
    else:
        exact = exact_text(column, text)
    return cell(column, text, exact)


def _as_text(value: str, kind: str, column: str) -> str:
    """SQL that shows a value of a Parquet type as the text of a CSV would."""
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION", "VARIANT", "GEOMETRY")):
        raise Refused(f"column {column} is of type {kind}: write single values, text or numbers")
    if kind == "TIMESTAMP_NS" or kind == "TIMESTAMPTZ_NS":
        return f"{value}::timestamp_ns"
    if kind.startswith("TIMESTAMP"):
        # casting the ends of the range is a fatal error in DuckDB 2.0: cast years 1 to 9999 only
        years = "timestamp '0001-01-01' and timestamp '9999-12-31 23:59:59.999999'"
        return (
            f"coalesce((case when {value} between {years} then {value} end)::timestamp::varchar, "
            f"epoch_us({value}) || ' us', case when {value} is not null then 'infinite' end)"
        )
    if kind.startswith("DECIMAL") and column in WHOLE_COLUMNS:
        return rf"regexp_replace({value}::varchar, '\.0+$', '')"
    if kind in ("FLOAT", "DOUBLE"):
        # by text: DuckDB takes isnan for false where the file's statistics, which leave NaN out, do
        text = f"replace({value}::varchar, 'nan', 'NaN')"
        if column in WHOLE_COLUMNS:
            whole = f"case when {value} = trunc({value}) then try_cast({value} as bigint) end"
            text = f"coalesce(({whole})::varchar, {text})"
        return f"({text})"
    return value


@contextmanager
def _polled(con: Database, report: Callable[[float], None]) -> Iterator[None]:
    """Report the percentage of the running query once a second."""
    done = threading.Event()

    def poll() -> None:
        while not done.wait(1):
            report(max(con.query_progress(), 0))

    thread = threading.Thread(target=poll, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
