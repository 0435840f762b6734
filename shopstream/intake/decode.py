"""Decode one delivered content into one Parquet work copy, in the delivered order.

Bytes become text, nothing more: what a value means is for the dbt models to judge. CSV is split
here by one grammar with pyarrow's parser on its fast path; Parquet is turned into text by value.
A time, number or price that reads back just as it was delivered is kept typed instead, in a column
of its own (`user_id_exact`), so that Spark need not parse it: docs/decisions/landing.md.
"""

from __future__ import annotations

import codecs
import csv
import logging
import os
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import compress
from pathlib import Path
from typing import BinaryIO

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from shopstream.intake.archives import PACKED, Refused, too_much
from shopstream.intake.columns import EVENT_COLUMNS, resolve
from shopstream.intake.json_lines import JsonLines
from shopstream.intake.packed import unpacked

log = logging.getLogger(__name__)
Database = duckdb.DuckDBPyConnection
Given = dict[str, str | None]

ID_COLUMNS = ("product_id", "category_id", "user_id")
EXACT_TYPES = dict.fromkeys(ID_COLUMNS, "bigint") | {
    "event_time": "timestamptz",
    "price": "decimal(12, 2)",
}
# Engines disagree on calendars before, and on years of five digits; such times stay text.
EXACT_TIMES = "timestamp '1900-01-01' and timestamp '9999-12-31 23:59:59.999999'"
_LONG, _TEXT = pa.int64(), pa.string()


def decode(
    path: Path,
    kind: str,
    key: int,
    target: Path,
    duck: Duck,
    advance: Callable[[int], None],
    given: Given,
    most: int,
) -> tuple[int, str | None]:
    """Write the rows of `path` to `target` and return their number, and notes on its columns.

    `kind` is parquet, or csv or jsonl, by itself or packed (`csv.gz`); `key` goes into the column
    file_key; `advance` is told the bytes read so far; `given` are values of the path, for columns
    that the file lacks; `most` is how many bytes it may unpack to. Raises Refused when the content
    is no table of events, other errors when it is damaged.
    """
    with duck.connection() as con:
        read = _decode_parquet if kind == "parquet" else _decode_text
        rows, notes = read(con, path, kind, key, target, advance, given, most)
    written = pq.read_metadata(target).num_rows
    if written != rows:
        raise RuntimeError(f"{rows} rows were read, but {written} written")
    return rows, notes


def default_memory_limit() -> str:
    quarter = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4
    return os.environ.get("SHOPSTREAM_DUCKDB_MEMORY") or f"{max(quarter, 1 << 30) >> 20}MiB"


class Duck:
    """The DuckDB of a run: to start one per file took most of the time of small files."""

    def __init__(self, scratch: Path, memory_limit: str) -> None:
        self.settings = {
            "memory_limit": memory_limit,
            "temp_directory": str(scratch / "duckdb"),
            "threads": os.cpu_count() or 1,
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            # each file is read once, and all zip members have the same name while they are
            "enable_external_file_cache": "false",
        }
        self.con: Database | None = None

    @contextmanager
    def connection(self) -> Iterator[Database]:
        """A connection; after an error a new one, for an internal one makes it unusable."""
        if self.con is None:
            self.con = duckdb.connect(config=self.settings)
            self.con.execute("set TimeZone = 'UTC'; set preserve_insertion_order = true")
            # query_progress needs the bar, nobody needs to see it
            self.con.execute(
                "set enable_progress_bar = true; set enable_progress_bar_print = false"
            )
        try:
            yield self.con
        except Refused:  # our own word about a file
            raise
        except Exception:
            self.close()
            raise

    def close(self) -> None:
        """Give back its memory and files."""
        if self.con is not None:
            self.con.close()
            self.con = None


# DuckDB's CSV reader drops an empty last field too many, stops at mixed line ends, and numbering
# its rows costs half its time again. So pyarrow splits fields, block by block, under these rules:
# a field is quoted as a whole or not at all; a row ends with \n, \r\n or \r; a blank line is none;
# a row whose quotes don't add up, stay open for LONGEST_ROW or chain too many fields is bad and
# ends with its line. Without the last rule lines joined by `","` are each read to the block's end.
BLOCK = 8 << 20
csv.field_size_limit(BLOCK)  # of a header: by itself less than some would have
LONGEST_ROW = 64 << 20
LEAST_ROW = 64  # bytes that a row of Parquet counts as: its runs of one value take up nothing
_FIELD = rb'(?:"(?:[^"]++|"")*+"|[^",\r\n][^,\r\n]*+)?'
_HEADER = re.compile(rb"(?:%s,)*+%s(?=[\r\n]|\Z)" % (_FIELD, _FIELD))
_LINE = re.compile(rb"[^\r\n]*+")
_LINE_ENDS = re.compile(rb"[\r\n]*+")
_QUOTE = ord('"')
_BESIDE_QUOTE = np.isin(np.arange(256), list(b',\r\n"'))
_ICONV = "UTF-16 text: convert it with iconv -f UTF-16 -t UTF-8 old.csv > new.csv"
_NOT_CSV = {
    # UTF-32 before UTF-16, whose mark it starts with
    codecs.BOM_UTF32_LE: _ICONV.replace("UTF-16", "UTF-32"),
    codecs.BOM_UTF32_BE: _ICONV.replace("UTF-16", "UTF-32"),
    codecs.BOM_UTF16_LE: _ICONV,
    codecs.BOM_UTF16_BE: _ICONV,
    b"PK\3\4": "a zip archive: let its name end in .zip",
    b"PAR1": "a Parquet file: let its name end in .parquet",
    b"\x1f\x8b": "gzip: let its name end in .csv.gz",
    b"\x28\xb5\x2f\xfd": "zstd: let its name end in .csv.zst",
    b"BZh": "bzip2: let its name end in .csv.bz2",
}
_MARKS = re.compile(rb"(?:%s)*+" % codecs.BOM_UTF8)  # tools that each add one leave several


def _decode_text(
    con: Database,
    path: Path,
    kind: str,
    key: int,
    target: Path,
    advance: Callable,
    given: Given,
    most: int,
) -> tuple[int, str | None]:
    schema = pa.schema([("row_number", _LONG), *((c, _TEXT) for c in ("bad_row", *EVENT_COLUMNS))])
    rows, failures = 0, []

    def numbered() -> Iterator[pa.RecordBatch]:
        nonlocal rows
        try:
            for batch in delivered.batches():
                numbers = pa.array(np.arange(rows + 1, rows + batch.num_rows + 1))
                rows += batch.num_rows
                advance(raw.tell())
                yield pa.RecordBatch.from_arrays([numbers, *batch.columns], schema=schema)
        except Exception as error:  # DuckDB would pass it on as a text of its own
            failures.append(error)
            raise

    with path.open("rb") as raw:
        form, _, packing = kind.partition(".")
        text = unpacked(raw, packing, most)
        if form == "csv":
            delivered = _Csv(text, packing, given)
        else:
            delivered = JsonLines(text, 2 * LONGEST_ROW, given)
        con.register("delivered", pa.RecordBatchReader.from_batches(schema, numbered()))
        cells = ", ".join(_cell(c, c, _exact_text(c, c)) for c in EVENT_COLUMNS)
        try:
            _copy(con, key, f"select row_number, bad_row, {cells} from delivered", [], target)
        except duckdb.Error:
            if failures:
                raise failures[0] from None
            raise
        finally:
            con.unregister("delivered")
    return rows, delivered.notes


def _copy(con: Database, key: int, select: str, values: list, target: Path) -> None:
    # Row groups of DuckDB's own size: larger ones were slower to write and no faster to read.
    con.execute(
        f"copy (select {key}::bigint as file_key, * from ({select})) to ${len(values) + 1} "
        "(format parquet, compression snappy)",
        [*values, str(target)],
    )


def _cell(column: str, text: str, exact: str | None) -> str:
    """SQL of a column of the work copy: as text, or typed in a column beside it."""
    if exact is None:
        return f"{text} as {column}"
    typed = f"({exact})::{EXACT_TYPES[column]}"
    return f"case when {typed} is null then {text} end as {column}, {typed} as {column}_exact"


def _exact_text(column: str, text: str) -> str | None:
    """SQL of the typed value of a text that shows just like it, else null; None for text columns.

    The models show a typed value as `2019-10-01 00:00:00.5 UTC`, `-7` and `35.00`.
    """
    if column not in EXACT_TYPES:
        return None
    if column == "event_time":
        value = f"try_cast(left({text}, length({text}) - 4) as timestamp)"
        same = f"{value} between {EXACT_TIMES} and {value}::varchar || ' UTC' = {text}"
    else:
        value = f"try_cast({text} as {EXACT_TYPES[column]})"
        same = f"{value}::varchar = {text}"
    return f"case when {same} then {value} end"


def _is_utf8(text: bytes) -> bool:
    try:
        return text.isascii() or bool(text.decode())
    except UnicodeDecodeError:
        return False


def lacking(path: Path, kind: str, given: Given, most: int) -> Given:
    """Those of the values of a path whose columns the file lacks."""
    form, _, packing = kind.partition(".")
    names = []  # of JSON lines each is asked by itself
    if given and form == "parquet":
        names = pq.read_schema(path).names
    elif given and form == "csv":
        with path.open("rb") as raw:
            names, _ = _read_header(unpacked(raw, packing, most), packing)
    keys = {name.strip().lower() for name in names}
    return {column: value for column, value in given.items() if column not in keys}


def _read_header(stream: BinaryIO, packing: str) -> tuple[list[str], bytes]:
    """The column names, and what was read beyond them, from the line end on."""
    head = stream.read(BLOCK)
    for magic, advice in _NOT_CSV.items():
        if head.startswith(magic):
            if packing and "let its name" in advice:
                what = advice.partition(":")[0]
                raise Refused(
                    f"the {PACKED[packing]} holds {what}: unpack it once and deliver that"
                )
            raise Refused(f"this is {advice}")
    head = head[_MARKS.match(head).end() :]
    start = _LINE_ENDS.match(head).end()
    if start == len(head):
        raise Refused("empty: there is not even a header line; remove it or deliver it again")
    line = _HEADER.match(head, start) or _LINE.match(head, start)
    if line.end() == BLOCK:
        raise Refused("the header line does not end: deliver text with one row per line")
    if b"\0" in line[0]:
        raise Refused(f"the header holds NUL bytes; if this is {_ICONV}")
    names = next(csv.reader([line[0].decode(errors="backslashreplace")]))
    return names, head[line.end() :]


class _Csv:
    """A CSV stream: its header is read at once, its rows by `batches`."""

    def __init__(self, stream: BinaryIO, packing: str = "", given: Given | None = None) -> None:
        self.stream, self.given = stream, given or {}
        names, self.rest = _read_header(stream, packing)
        where, self.notes = resolve(names, _csv_remedy(names), self.given)
        self.fields = re.compile(rb"(?:%s,){%d}+%s(?=[\r\n]|\Z)" % (_FIELD, len(names) - 1, _FIELD))
        most = 4 * len(names) + 64
        self.row = re.compile(rb"(?:%s,){0,%d}+%s(?=[\r\n]|\Z)" % (_FIELD, most, _FIELD))
        self.open_row = re.compile(rb'(?:%s,){0,%d}+"(?:[^"]++|"")*+\Z' % (_FIELD, most))
        self.names = [str(position) for position in range(len(names))]
        self.where = {column: str(position) for column, position in where.items()}
        self.convert = pacsv.ConvertOptions(
            check_utf8=False,  # done before, for all columns
            column_types=dict.fromkeys(self.where.values(), _TEXT),
            include_columns=list(self.where.values()),
            null_values=[""],
            strings_can_be_null=True,
        )

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows in order, as `bad_row` and the event columns; blocks are parsed in parallel."""
        workers = os.cpu_count() or 1
        with ThreadPoolExecutor(workers) as pool:
            waiting: deque = deque()
            for block, sound in self._blocks():
                waiting.append(pool.submit(self._parse, block, sound))
                if len(waiting) > workers:
                    yield from waiting.popleft().result().to_batches()
            while waiting:
                yield from waiting.popleft().result().to_batches()

    def _blocks(self) -> Iterator[tuple[bytes, bool]]:
        """Blocks of whole rows, and whether their quotes are proven sound.

        A block starts with the line end before it, for pyarrow skips a byte-order mark at a start.
        """
        rest = self.rest
        while piece := self.stream.read(max(BLOCK, len(rest))):
            rest += piece
            quotes = _sound_quotes(rest)
            cut = 0 if quotes is None else _last_line_end(rest, quotes)
            sound = cut > 0
            if quotes is None or (not cut and len(rest) >= LONGEST_ROW):
                cut = max((end for _, end, _ in self._rows(rest, final=False)), default=0)
            if not cut and len(rest) >= 2 * LONGEST_ROW:
                raise Refused(f"a row is longer than {LONGEST_ROW >> 20} MiB: is this really CSV?")
            if cut:
                yield rest[:cut], sound
                rest = rest[cut:]
        quotes = _sound_quotes(rest)
        yield rest, quotes is not None and len(quotes) % 2 == 0

    def _rows(self, block: bytes, final: bool = True) -> Iterator[tuple[int, int, bool]]:
        """Start and end of each row, and if it has the right fields; unless final, whole ones."""
        at = 0
        while (at := _LINE_ENDS.match(block, at).end()) < len(block):
            fits = self.fields.match(block, at)
            row = fits or self.row.match(block, at)
            if row is None:
                may_close = not final and len(block) - at < LONGEST_ROW
                if may_close and self.open_row.match(block, at):
                    return
                row = _LINE.match(block, at)
            if row.end() == len(block) and not final:
                return
            yield at, row.end(), fits is not None
            at = row.end()

    def _parse(self, block: bytes, sound: bool) -> pa.Table:
        if sound and _is_utf8(block):
            try:
                return self._table(block)
            except pa.ArrowInvalid:
                log.debug("a block holds rows with another number of fields")
        spans = list(self._rows(block))
        rows = [block[start:end] for start, end, _ in spans]
        good = np.array([fits and _is_utf8(block[at:end]) for at, end, fits in spans], dtype=bool)
        table = self._table(b"\n" + b"\n".join(compress(rows, good)))
        texts = [row.decode(errors="backslashreplace") for row in compress(rows, ~good)]
        bad = pa.table({"bad_row": pa.array(texts, _TEXT)})
        order = np.where(good, good.cumsum() - 1, table.num_rows + (~good).cumsum() - 1)
        both = pa.concat_tables([table, bad], promote_options="default")
        return both.take(pa.array(order, _LONG)).combine_chunks()

    def _table(self, block: bytes) -> pa.Table:
        """The rows of a block that is known to hold only sound ones, or ArrowInvalid."""
        table = pacsv.read_csv(
            pa.py_buffer(block),
            pacsv.ReadOptions(
                use_threads=False, block_size=len(block) + 1, column_names=self.names
            ),
            pacsv.ParseOptions(newlines_in_values=True),
            self.convert,
        )
        columns = {
            c: table[self.where[c]]
            if c in self.where
            else pa.repeat(pa.scalar(self.given.get(c), _TEXT), table.num_rows)
            for c in EVENT_COLUMNS
        }
        return pa.table({"bad_row": pa.nulls(table.num_rows, _TEXT), **columns}).combine_chunks()


def _csv_remedy(names: list[str]) -> str:
    """What to do about a header that lacks columns."""
    if re.match(r"\s*#|sep=$", names[0]):
        return "the first line is no header: remove it"
    if len(names) == 1 and (other := re.search(r"[;\t|]", names[0])):
        return f"the delimiter looks like {other[0]!r}: write the file with commas"
    known = any(name.strip().lower() in EVENT_COLUMNS for name in names)
    if not known and any(re.match(r"\s*\d", name) for name in names):
        return f"the first row looks like data: put a header before it, {','.join(EVENT_COLUMNS)}"
    return "name these columns in the header"


def _sound_quotes(block: bytes) -> np.ndarray | None:
    """Where quotes stand, if each opens or closes a whole field or is doubled within one.

    Counted from 0, even quotes open a field and odd ones close it, a doubled one doing both. The
    last may be open. `block` starts with a line end.
    """
    if b'"' not in block:
        return np.empty(0, np.int64)
    data = np.frombuffer(block, np.uint8)
    quotes = np.flatnonzero(data == _QUOTE)
    before, after = data[quotes[::2] - 1], data[np.minimum(quotes[1::2] + 1, len(data) - 1)]
    return quotes if _BESIDE_QUOTE[before].all() and _BESIDE_QUOTE[after].all() else None


def _last_line_end(block: bytes, quotes: np.ndarray) -> int:
    """Where the last line end outside quotes stands; 0 if that is the block's own first byte."""
    pairs, odd = divmod(len(quotes), 2)
    upper = int(quotes[-1]) if odd else len(block)
    while True:
        lower = int(quotes[2 * pairs - 1]) + 1 if pairs else 0
        cut = max(block.rfind(b"\n", lower, upper), block.rfind(b"\r", lower, upper))
        if cut >= 0 or not pairs:
            return max(cut, 0)
        pairs -= 1
        upper = int(quotes[2 * pairs])


def _decode_parquet(
    con: Database,
    path: Path,
    kind: str,
    key: int,
    target: Path,
    advance: Callable,
    given: Given,
    most: int,
) -> tuple[int, str | None]:
    path, footer = _opened(path, target, most)
    schema = footer.schema.to_arrow_schema()
    names = schema.names  # DuckDB renames those it takes for doubles
    where, notes = resolve(names, "name these columns in the file", given)
    source = "read_parquet($1, hive_partitioning = false, binary_as_string = true)"
    values, size = [str(path)], path.stat().st_size
    for column, at in where.items():
        if pa.types.is_decimal256(schema.field(at).type):
            raise Refused(f"{column} is a decimal of more than 38 digits: write it with 38")
    columns = con.execute(f"describe select * from {source}", values).fetchall()
    values_of = {
        column: (f'"{name.replace(chr(34), 2 * chr(34))}"', kind)
        for column, (name, kind, *_) in ((c, columns[i]) for c, i in where.items())
    }
    literals = {c: (_literal(value), "VARCHAR") for c, value in given.items()}
    values_of = literals | values_of
    taken = any(name.lower() == "file_row_number" for name in names)
    number = "row_number() over ()" if taken else "file_row_number + 1"

    def copy(number: str, source: str) -> None:
        cells = ", ".join(
            _parquet_cell(c, *values_of.get(c, ("null", "VARCHAR"))) for c in EVENT_COLUMNS
        )
        select = f"select {number} as row_number, null::varchar as bad_row, {cells} from {source}"
        with _polled(con, lambda percent: advance(int(size * percent / 100))):
            _copy(con, key, select, values, target)

    try:
        copy(number, source)
    except duckdb.ConversionException as error:
        if "Could not convert Timestamp(MS)" not in str(error):
            raise
        # DuckDB reads milliseconds as microseconds, and stops where those don't reach
        con.register("times", _milliseconds(path, names[where["event_time"]]))
        values_of["event_time"] = (
            "case when times.ms between -62135596800000 and 253402300799999 "
            "then make_timestamp(times.ms * 1000)::varchar || ' UTC' else times.ms || ' ms' end",
            "VARCHAR",
        )
        try:
            copy("times.number", f"{source} positional join times")
        finally:
            con.unregister("times")
    return footer.num_rows, notes


def _opened(path: Path, target: Path, most: int) -> tuple[Path, pq.FileMetaData]:
    """A Parquet file under a name of our own: DuckDB takes some for patterns, can't say others."""
    plain = target.with_name("delivered.parquet")
    plain.unlink(missing_ok=True)
    plain.symlink_to(path.resolve())
    footer = pq.read_metadata(plain)
    if max(footer.num_rows * LEAST_ROW, _plain_bytes(footer)) > most:
        raise Refused(too_much())
    return plain, footer


def _plain_bytes(footer: pq.FileMetaData) -> int:
    return sum(footer.row_group(at).total_byte_size for at in range(footer.num_row_groups))


def _literal(text: str | None) -> str:
    return "null::varchar" if text is None else f"'{text.replace(chr(39), 2 * chr(39))}'"


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
        exact = _exact_text(column, text)
    return _cell(column, text, exact)


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
    if kind.startswith("DECIMAL") and column in ID_COLUMNS:
        return rf"regexp_replace({value}::varchar, '\.0+$', '')"
    if kind in ("FLOAT", "DOUBLE"):
        # by text: DuckDB takes isnan for false where the file's statistics, which leave NaN out, do
        text = f"replace({value}::varchar, 'nan', 'NaN')"
        if column in ID_COLUMNS:
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
