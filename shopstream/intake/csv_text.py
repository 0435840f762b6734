"""CSV by one grammar, block by block, with pyarrow's parser on its fast path."""

import codecs
import csv
import logging
import os
import re
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import chain, compress, islice
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from shopstream.intake.archives import PACKED, PACKED_BEGINS, Refused
from shopstream.intake.columns import EVENT_COLUMNS, ROW_COLUMNS, resolve
from shopstream.intake.sources import DEFAULT, Source
from shopstream.intake.work_copy import Given

log = logging.getLogger(__name__)
_LONG, _TEXT = pa.int64(), pa.string()

# DuckDB's CSV reader drops an empty last field too many, stops at mixed line ends, and numbering
# its rows costs half its time again. So pyarrow splits fields, block by block, under these rules:
# a field is quoted as a whole or not at all; a row ends with \n, \r\n or \r; a blank line is none;
# a row whose quotes don't add up, stay open for LONGEST_ROW or chain too many fields is bad and
# ends with its line. Without the last rule lines joined by `","` are each read to the block's end.
BLOCK = 8 << 20
csv.field_size_limit(BLOCK)  # of a header: by itself less than some would have
LONGEST_ROW = 64 << 20
_LINE = re.compile(rb"[^\r\n]*+")
_LINE_ENDS = re.compile(rb"[\r\n]*+")
_QUOTE = ord('"')
_ICONV = "UTF-16 text: convert it with iconv -f UTF-16 -t UTF-8 old.csv > new.csv"
_WIDE = {
    # UTF-32 before UTF-16, whose mark it starts with
    codecs.BOM_UTF32_LE: _ICONV.replace("UTF-16", "UTF-32"),
    codecs.BOM_UTF32_BE: _ICONV.replace("UTF-16", "UTF-32"),
    codecs.BOM_UTF16_LE: _ICONV,
    codecs.BOM_UTF16_BE: _ICONV,
    # of JSON, without a mark
    b"{\0": _ICONV,
    b"\0{": _ICONV,
}
_NOT_CSV = {
    b"PK\3\4": "a zip archive: let its name end in .zip",
    b"PAR1": "a Parquet file: let its name end in .parquet",
    **{
        PACKED_BEGINS[end]: f"{word}: let its name end in .csv.{end}"
        for end, word in PACKED.items()
    },
}
_MARKS = re.compile(rb"(?:%s)*+" % codecs.BOM_UTF8)  # tools that each add one leave several


class Csv:
    """A CSV stream: its header is read at once, its rows by `batches`."""

    def __init__(
        self,
        stream: BinaryIO,
        packing: str = "",
        source: Source = DEFAULT,
        given: Given | None = None,
    ) -> None:
        self.stream, self.delimiter, self.given = stream, source.delimiter, given or {}
        names, self.rest = read_header(stream, packing, source)
        where, self.notes = resolve(names, _csv_remedy(names, source), source, self.given)
        most = 4 * len(names) + 64
        self.fields = _row(self.delimiter, f"{{{len(names) - 1}}}")
        self.row = _row(self.delimiter, f"{{0,{most}}}")
        self.open_row = _row(self.delimiter, f"{{0,{most}}}", is_open=True)
        self.names = [str(position) for position in range(len(names))]
        self.where = {column: str(position) for column, position in where.items()}
        self.convert = pacsv.ConvertOptions(
            check_utf8=False,  # done before, for all columns
            column_types=dict.fromkeys(self.where.values(), _TEXT),
            include_columns=list(dict.fromkeys(self.where.values())),
            null_values=[""],
            strings_can_be_null=True,
        )

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows in order, as `bad_row` and their columns; blocks are parsed in parallel."""
        blocks = self._blocks()
        ahead = list(islice(blocks, 2))
        if len(ahead) == 1:  # a small file is not worth a thread
            yield from self._parse(*ahead[0]).to_batches()
            return
        workers = os.cpu_count() or 1
        with ThreadPoolExecutor(workers) as pool:
            waiting: deque = deque()
            for block, sound in chain(ahead, blocks):
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
            quotes = _sound_quotes(rest, self.delimiter)
            cut = 0 if quotes is None else _last_line_end(rest, quotes)
            sound = cut > 0
            if quotes is None or (not cut and len(rest) >= LONGEST_ROW):
                cut = max((end for _, end, _ in self._rows(rest, final=False)), default=0)
            if not cut and len(rest) >= 2 * LONGEST_ROW:
                raise Refused(f"a row is longer than {LONGEST_ROW >> 20} MiB: is this really CSV?")
            if cut:
                yield rest[:cut], sound
                rest = rest[cut:]
        quotes = _sound_quotes(rest, self.delimiter)
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
            pacsv.ParseOptions(delimiter=self.delimiter, newlines_in_values=True),
            self.convert,
        )
        columns = {
            c: table[self.where[c]]
            if c in self.where
            else pa.repeat(pa.scalar(self.given.get(c), _TEXT), table.num_rows)
            for c in ROW_COLUMNS
        }
        return pa.table({"bad_row": pa.nulls(table.num_rows, _TEXT), **columns}).combine_chunks()


@cache
def _row(delimiter: str, times: str, *, is_open: bool = False) -> re.Pattern[bytes]:
    """Finds so many fields and one more, up to the line end; or a last one that stays open."""
    mark = re.escape(delimiter).encode()
    field = rb'(?:"(?:[^"]++|"")*+"|[^"%s\r\n][^%s\r\n]*+)?' % (mark, mark)
    last = rb'"(?:[^"]++|"")*+\Z' if is_open else field + rb"(?=[\r\n]|\Z)"
    return re.compile(rb"(?:%s%s)%s+%s" % (field, mark, times.encode(), last))


def refuse_wide(start: bytes) -> None:
    """Raise Refused where a file starts as wide text does, or with NUL bytes and nothing else."""
    for mark, advice in _WIDE.items():
        if start.startswith(mark):
            raise Refused(f"this is {advice}")
    if start and not start.strip(b"\0"):
        raise Refused("NUL bytes and no text, as a broken copy leaves: deliver it again, whole")


def read_header(stream: BinaryIO, packing: str, source: Source) -> tuple[list[str], bytes]:
    """The column names, and what was read beyond them, from a line end on."""
    head = stream.read(BLOCK)
    refuse_wide(head)
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
    if source.header:
        return list(source.header), b"\n" + head
    line = _row(source.delimiter, "*").match(head, start) or _LINE.match(head, start)
    if line.end() == BLOCK:
        raise Refused("the header line does not end: deliver text with one row per line")
    if b"\0" in line[0]:
        raise Refused(f"the header holds NUL bytes; if this is {_ICONV}")
    if source.delimiter.encode() in line[0] and re.fullmatch(rb'"(?:[^"]|"")*"', line[0]):
        raise Refused("each line is quoted as a whole: quote its values, or take the quotes off")
    text = line[0].decode(errors="backslashreplace")
    return next(csv.reader([text], delimiter=source.delimiter)), head[line.end() :]


def _csv_remedy(names: list[str], source: Source) -> str:
    """What to do about a header that lacks columns."""
    if re.match(r"\s*#|sep=$", names[0]):
        return "the first line is no header: remove it"
    if len(names) == 1 and (other := re.search(r"[,;\t|]", names[0])):
        where = source.file or "sources/NAME.yml (docs/how-to/sources.md)"
        said = "commas" if source.delimiter == "," else repr(source.delimiter)
        return (
            f"the delimiter looks like {other[0]!r}: write the file with {said}, or set delimiter "
            f"in {where}"
        )
    known = any(name.strip().lower() in EVENT_COLUMNS for name in names)
    if not known and any(re.match(r"\s*\d", name) for name in names):
        return f"the first row looks like data: put a header before it, {','.join(EVENT_COLUMNS)}"
    return "name these columns in the header"


def _sound_quotes(block: bytes, delimiter: str) -> np.ndarray | None:
    """Where quotes stand, if each opens or closes a whole field or is doubled within one.

    Counted from 0, even quotes open a field and odd ones close it, a doubled one doing both. The
    last may be open. `block` starts with a line end.
    """
    if b'"' not in block:
        return np.empty(0, np.int64)
    data = np.frombuffer(block, np.uint8)
    quotes = np.flatnonzero(data == _QUOTE)
    before, after = data[quotes[::2] - 1], data[np.minimum(quotes[1::2] + 1, len(data) - 1)]
    beside = np.isin(np.arange(256), list(f'{delimiter}\r\n"'.encode()))
    return quotes if beside[before].all() and beside[after].all() else None


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


def _is_utf8(text: bytes) -> bool:
    try:
        return text.isascii() or bool(text.decode())
    except UnicodeDecodeError:
        return False
