"""JSON with one object a line, as text columns: values as they are written, nothing guessed."""

import json
from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa

from shopstream.intake.archives import Refused
from shopstream.intake.columns import ROW_COLUMNS, resolve
from shopstream.intake.csv_text import refuse_wide
from shopstream.intake.sources import Source

ROWS = 50_000  # of a batch
BATCH_BYTES = 8 << 20
MOST_NAMES = 1_000  # that are remembered, to name those that are ignored
_TEXT = pa.string()
_SCHEMA = pa.schema([(column, _TEXT) for column in ("bad_row", *ROW_COLUMNS)])
_REMEDY = "write one JSON object a line, with these names"


class JsonLines:
    """A stream of JSON lines, read by `batches`; the names that all rows give are known after it.

    `given` are values for columns whose names a line lacks. A line that is no object of single
    values, or not UTF-8, is a bad row.
    """

    def __init__(
        self, stream: BinaryIO, longest: int, source: Source, given: dict[str, str | None]
    ) -> None:
        self.stream, self.longest, self.source, self.given = stream, longest, source, given
        self.wanted: dict[str, list[str]] = {}
        for column in ROW_COLUMNS:
            if name := source.delivered(column):
                self.wanted.setdefault(name, []).append(column)
        self.names: dict[str, None] = {}
        self.notes: str | None = None

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows in order, as `bad_row` and their columns. Raises Refused."""
        rows, size = [], 0
        for line in self._lines():
            rows.append(self._row(line))
            size += len(line)
            if len(rows) >= ROWS or size >= BATCH_BYTES:
                yield pa.RecordBatch.from_pylist(rows, schema=_SCHEMA)
                rows, size = [], 0
        yield pa.RecordBatch.from_pylist(rows, schema=_SCHEMA)
        names = list(self.names)
        _, self.notes = resolve(names, _REMEDY, self.source, self.given, may_lack=True)

    def _lines(self) -> Iterator[bytes]:
        first = True
        while line := self.stream.readline(self.longest):
            if len(line) == self.longest:
                raise Refused(f"a line is longer than {self.longest >> 20} MiB: {_REMEDY}")
            if first:
                refuse_wide(line)
                line = line.removeprefix(b"\xef\xbb\xbf")
            if line := line.strip():
                if first and line.startswith(b"["):
                    raise Refused("this is one JSON list: write it with jq -c '.[]' old > new")
                first = False
                yield line
        if first:
            raise Refused("empty: there is not even one line; remove it or deliver it again")

    def _row(self, line: bytes) -> dict[str, str | None]:
        try:
            pairs = json.loads(
                line.decode(),
                object_pairs_hook=_Pairs,
                parse_int=str,
                parse_float=str,
                parse_constant=str,
            )
            return self._cells(pairs)
        except (ValueError, RecursionError):
            return {"bad_row": line.decode(errors="backslashreplace")}

    def _cells(self, pairs: object) -> dict[str, str | None]:
        if not isinstance(pairs, _Pairs):
            raise ValueError("no object")
        cells = {}
        for name, value in pairs:
            key = name.strip().lower()
            for column in self.wanted.get(key, ()):
                if column in cells:
                    raise ValueError(f"{key} comes twice")
                cells[column] = _text(value)
            if len(self.names) < MOST_NAMES or key in self.wanted:
                self.names[key.encode(errors="backslashreplace").decode()] = None
        return self.given | cells


class _Pairs(list):
    """Names and values of one JSON object."""


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ValueError("a list or an object where a single value belongs")
    value.encode()  # half of a surrogate pair is no text
    return value
