"""Decode one delivered content into one Parquet work copy, in the delivered order.

Bytes become text, nothing more: what a value means is for the dbt models to judge.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shopstream.intake import csv_text, work_copy
from shopstream.intake.columns import ROW_COLUMNS
from shopstream.intake.described import described_rows
from shopstream.intake.duck import Database, Duck
from shopstream.intake.json_lines import JsonLines
from shopstream.intake.packed import unpacked
from shopstream.intake.parquet import decode_parquet
from shopstream.intake.sources import Source
from shopstream.intake.work_copy import Given, Job, cell, exact_text

TEXT_ROWS = pa.schema(
    [
        *((name, pa.int64()) for name in ("file_key", "row_number")),
        *((name, pa.string()) for name in ("bad_row", *ROW_COLUMNS)),
    ]
)


def decode(job: Job, duck: Duck) -> tuple[int, str | None]:
    """Write the rows of a content and return their number, and notes on its columns.

    Raises Refused when the content is no table of events, other errors when it is damaged.
    """
    with duck.connection() as con:
        read = decode_parquet if job.kind == "parquet" else _decode_text
        rows, notes = read(con, job)
    written = pq.read_metadata(job.target).num_rows
    if written != rows:
        raise RuntimeError(f"{rows} rows were read, but {written} written")
    return rows, notes


def text_rows(job: Job) -> tuple[pa.Table, str | None]:
    """The text rows of a content, all in memory, and notes on its columns. Raises as `decode`."""
    with job.path.open("rb") as raw:
        text = _Text(job, raw)
        return pa.Table.from_batches(text.batches(), TEXT_ROWS), text.delivered.notes


def typed(source: Source) -> str:
    """SQL of the rows of work copies from text rows in the table `delivered`."""
    cells = ", ".join(cell(c, c, exact_text(c, c)) for c in ROW_COLUMNS)
    rows = described_rows(source, "delivered", {})
    return f"select file_key, row_number, bad_row, {cells} from {rows}"


def _decode_text(con: Database, job: Job) -> tuple[int, str | None]:
    with job.path.open("rb") as raw:
        text = _Text(job, raw)
        con.register("delivered", pa.RecordBatchReader.from_batches(TEXT_ROWS, text.batches()))
        try:
            work_copy.copy(con, typed(job.source), [], job.target)
        except duckdb.Error:
            if text.failure:
                raise text.failure from None
            raise
        finally:
            con.unregister("delivered")
    return text.rows, text.delivered.notes


class _Text:
    """An open file of text; its header is read at once, its rows by `batches`."""

    def __init__(self, job: Job, raw: BinaryIO) -> None:
        self.job, self.raw, self.rows = job, raw, 0
        self.failure: Exception | None = None
        form, _, packing = job.kind.partition(".")
        text = unpacked(raw, packing, job.most)
        if form == "csv":
            self.delivered = csv_text.Csv(text, packing, job.source, job.given)
        else:
            self.delivered = JsonLines(text, 2 * csv_text.LONGEST_ROW, job.source, job.given)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows in order, numbered."""
        try:
            for batch in self.delivered.batches():
                keys = np.full(batch.num_rows, self.job.key)
                numbers = np.arange(self.rows + 1, self.rows + batch.num_rows + 1)
                self.rows += batch.num_rows
                self.job.advance(self.raw.tell())
                columns = [pa.array(keys), pa.array(numbers), *batch.columns]
                yield pa.RecordBatch.from_arrays(columns, schema=TEXT_ROWS)
        except Exception as error:  # DuckDB would pass it on as a text of its own
            self.failure = error
            raise


def lacking(path: Path, kind: str, source: Source, given: Given, most: int) -> Given:
    """Those of the values of a path whose columns the file lacks, and the description expects."""
    form, _, packing = kind.partition(".")
    given = {column: value for column, value in given.items() if source.delivered(column)}
    names = []  # of JSON lines each is asked by itself
    if given and form == "parquet":
        names = pq.read_schema(path).names
    elif given and form == "csv":
        with path.open("rb") as raw:
            names, _ = csv_text.read_header(unpacked(raw, packing, most), packing, source)
    keys = {name.strip().lower() for name in names}
    return {c: value for c, value in given.items() if source.delivered(c) not in keys}
