"""The first rows of a file, whatever its form, as text by column."""

import codecs
import csv
import io
import itertools
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from shopstream.intake.archives import EMPTY, PACKED, Refused, most_unpacked
from shopstream.intake.csv_text import read_header
from shopstream.intake.packed import unpacked
from shopstream.intake.parquet import ENCRYPTED, refuse_joined
from shopstream.intake.shapes.kinds import (
    packing_of,
    refuse_binary,
    refuse_foreign,
    text_form,
)
from shopstream.intake.sources import DEFAULT

ROWS = 100_000
PIECE, MOST_BYTES = 4 << 20, 64 << 20  # of text, unpacked
READ_WHOLE = 16 << 20  # packed bytes up to which the end is looked at, too
DELIMITERS = (",", ";", "\t", "|", ":", "^", "~", "\x01")
NOT_UTF8 = "not UTF-8"
_TEXT = pa.string()
_VALUE = re.compile(r"\s*[+-]?[\d.,]*\d[\d.,]*\s*$|\s*\d{1,4}[-./]\d\d?[-./]\d")
_LINES_COMPARED = 50


@dataclass(frozen=True)
class Head:
    """The first rows of a content.

    name: as people know it. form: csv, jsonl or parquet; packing: gz, zst, bz2 or none. names: its
    columns as delivered, of a csv without a header line `column_1` and so on. rows: their values as
    text, in columns `0`, `1` ... path: a file of our own with these rows, unpacked, in the form
    delivered. total: rows of the whole, exact where `whole`. nested: columns that hold no single
    values. times: columns that are typed timestamps.
    """

    name: str
    form: str
    packing: str
    path: Path
    names: list[str]
    rows: pa.Table
    total: int
    whole: bool
    encoding: str = "UTF-8"
    delimiter: str = ","
    has_header: bool = True
    nested: frozenset[str] = frozenset()
    times: frozenset[str] = field(default_factory=frozenset)

    @property
    def ending(self) -> str:
        """The ending that landing knows this form by."""
        return ".".join(filter(None, [self.form, self.packing]))


def head_of(stream: BinaryIO, size: int, name: str, target: Path) -> Head:
    """The head of a content of `size` bytes; its rows go to `target`, too. Raises Refused.

    What is packed and small is read to its end, so that one that was cut short is found out.
    """
    start = stream.read(1 << 12)
    stream.seek(0)
    if not start:
        raise Refused(EMPTY)
    if start.startswith(b"PAR1"):
        return _parquet(stream, name, target)
    packing = packing_of(start)
    try:
        return _text(stream, size, packing, name, target)
    except (EOFError, OSError, pa.ArrowException) as error:
        if not packing or getattr(error, "errno", None):
            raise
        kind = PACKED[packing]
        raise Refused(_damaged(kind, error)) from None


def _damaged(kind: str, error: Exception) -> str:
    words = " ".join(str(error).split())
    return f"the {kind} is cut short or damaged ({words}): deliver it again, whole"


def _text(stream: BinaryIO, size: int, packing: str, name: str, target: Path) -> Head:
    plain = unpacked(stream, packing, most_unpacked(size))
    data, ended = b"", False
    while not ended and len(data) < MOST_BYTES and data.count(b"\n") <= ROWS:
        piece = plain.read(PIECE)
        data, ended = data + piece, len(piece) == 0
    taken = min(stream.tell(), size)
    while packing and size <= READ_WHOLE and plain.read(PIECE):
        pass
    refuse_foreign(data, packing)
    refuse_binary(data)
    # Says what is wide text, or packed twice, in the words that landing has for it.
    read_header(io.BytesIO(data[: 1 << 20]), packing, DEFAULT)
    unmarked = data.removeprefix(codecs.BOM_UTF8)
    encoding = "UTF-8" if unmarked is data else "UTF-8 with a byte-order mark"
    data = unmarked
    form = text_form(data)
    ends = _row_ends(data, quoted=form == "csv")
    cut = len(data) if ended and len(ends) <= ROWS + 1 else int(ends[min(ROWS, len(ends) - 1)])
    whole = ended and cut == len(data)
    plain_size = size if not packing else int(len(data) * size / max(taken, 1))
    share = 1 if whole else cut / max(plain_size, cut)
    target.write_bytes(data[:cut])
    try:
        text = data[:cut].decode()
    except UnicodeDecodeError:
        encoding = NOT_UTF8
        text = data[:cut].decode(errors="backslashreplace")
    made = _csv(text) if form == "csv" else _json_lines(text)
    total = made["rows"].num_rows if whole else round(made["rows"].num_rows / share)
    return Head(name, form, packing, target, total=total, whole=whole, encoding=encoding, **made)


def _row_ends(data: bytes, *, quoted: bool) -> np.ndarray:
    """Where rows end, behind their line ends; at least one place."""
    view = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(view == (10 if b"\n" in data else 13)) + 1
    if quoted and b'"' in data:
        outside = np.searchsorted(np.flatnonzero(view == 34), ends) % 2 == 0
        # A stray quote makes one row of all that follows: then each line is one.
        ends = ends[outside] if outside.mean() > 0.5 else ends
    return ends if len(ends) else np.array([len(data)])


def _csv(text: str) -> dict:
    """Delimiter, names and rows of a text with one row a line."""
    lines = list(itertools.islice(io.StringIO(text.lstrip("\r\n"), newline=None), _LINES_COMPARED))
    first = lines[0].rstrip("\n")
    if re.match(r"\s*#|sep=.$", first):
        raise Refused(
            f"the first line, {first[:40]}, is no header: remove it with tail -n +2 old > new"
        )
    delimiter = delimiter_of(lines)
    names = next(csv.reader([first], delimiter=delimiter), [""])
    has_header = not any(_VALUE.match(cell) for cell in names)
    if not has_header:
        names = [f"column_{number}" for number in range(1, len(names) + 1)]
    rows = pacsv.read_csv(
        pa.py_buffer(f"{text}\n".encode()),
        pacsv.ReadOptions(
            column_names=[str(at) for at in range(len(names))],
            skip_rows_after_names=int(has_header),
            block_size=2 * MOST_BYTES,
        ),
        pacsv.ParseOptions(
            delimiter=delimiter,
            newlines_in_values=True,
            invalid_row_handler=lambda row: "skip",
        ),
        pacsv.ConvertOptions(
            column_types={str(at): _TEXT for at in range(len(names))},
            null_values=[""],
            strings_can_be_null=True,
        ),
    )
    return {"delimiter": delimiter, "names": names, "has_header": has_header, "rows": rows}


def delimiter_of(lines: list[str]) -> str:
    """The delimiter that cuts most lines into as many fields as the first, two at least."""

    def fitness(delimiter: str) -> tuple[bool, float, int]:
        try:
            counts = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:
            counts = []
        first = counts[0] if counts else 1
        alike = sum(count == first for count in counts) / max(len(counts), 1)
        return first > 1 and alike > 0.5, round(alike, 1), first

    best = max(DELIMITERS, key=fitness)
    return best if fitness(best)[0] else ","


def _json_lines(text: str) -> dict:
    """Names and rows of a text with one JSON object a line; a line that is none has no values."""
    names: dict[str, int] = {}
    nested, cells = set(), []
    for line in itertools.islice(filter(str.strip, io.StringIO(text)), ROWS):
        try:
            value = json.loads(line, parse_int=str, parse_float=str, parse_constant=str)
        except ValueError:
            value = {}
        row = {}
        for name, held in value.items() if isinstance(value, dict) else ():
            names.setdefault(name, len(names))
            if isinstance(held, (dict, list)):
                nested.add(name)
            elif held is not None and held != "":
                row[str(names[name])] = held if isinstance(held, str) else str(held).lower()
        cells.append(row)
    schema = pa.schema([(str(at), _TEXT) for at in range(len(names))])
    rows = pa.Table.from_pylist(cells, schema=schema)
    return {"names": list(names), "rows": rows, "nested": frozenset(nested)}


def _parquet(stream: BinaryIO, name: str, target: Path) -> Head:
    try:
        file = pq.ParquetFile(stream)
        taken = file.schema_arrow.empty_table()
        if batch := next(file.iter_batches(batch_size=ROWS), None):
            taken = pa.Table.from_batches([batch], schema=file.schema_arrow)
        refuse_joined(stream, READ_WHOLE)
    except (pa.ArrowException, OSError) as error:
        if "decrypt" in str(error):
            raise Refused(f"this is {ENCRYPTED[1]}") from None
        raise Refused(_damaged("Parquet", error)) from None
    pq.write_table(taken, target)
    texts, nested, times = [], set(), set()
    for held in taken.schema:
        column = taken[taken.schema.get_field_index(held.name)]
        if pa.types.is_nested(held.type):
            nested.add(held.name)
            column = pa.nulls(taken.num_rows, _TEXT)
        elif pa.types.is_timestamp(held.type):
            times.add(held.name)
        texts.append(column.cast(_TEXT, safe=False))
    total = file.metadata.num_rows
    return Head(
        name,
        "parquet",
        "",
        target,
        names=taken.schema.names,
        rows=pa.table(texts, names=[str(at) for at in range(len(texts))]),
        total=total,
        whole=total == taken.num_rows,
        encoding="",
        nested=frozenset(nested),
        times=frozenset(times),
    )
