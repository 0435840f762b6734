"""Decode one delivered content into one Parquet work copy, in the delivered order.

Bytes become text, nothing more: what a value means is for the dbt models to judge.
"""

from collections.abc import Iterator
from pathlib import Path

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

_ROWS = pa.schema(
    [("row_number", pa.int64()), *((name, pa.string()) for name in ("bad_row", *ROW_COLUMNS))]
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


def _decode_text(con: Database, job: Job) -> tuple[int, str | None]:
    rows, failures = 0, []

    def numbered() -> Iterator[pa.RecordBatch]:
        nonlocal rows
        try:
            for batch in delivered.batches():
                numbers = pa.array(np.arange(rows + 1, rows + batch.num_rows + 1))
                rows += batch.num_rows
                job.advance(raw.tell())
                yield pa.RecordBatch.from_arrays([numbers, *batch.columns], schema=_ROWS)
        except Exception as error:  # DuckDB would pass it on as a text of its own
            failures.append(error)
            raise

    with job.path.open("rb") as raw:
        form, _, packing = job.kind.partition(".")
        text = unpacked(raw, packing, job.most)
        if form == "csv":
            delivered = csv_text.Csv(text, packing, job.source, job.given)
        else:
            delivered = JsonLines(text, 2 * csv_text.LONGEST_ROW, job.source, job.given)
        con.register("delivered", pa.RecordBatchReader.from_batches(_ROWS, numbered()))
        cells = ", ".join(cell(c, c, exact_text(c, c)) for c in ROW_COLUMNS)
        described = described_rows(job.source, "delivered", {})
        select = f"select row_number, bad_row, {cells} from {described}"
        try:
            work_copy.copy(con, job.key, select, [], job.target)
        except duckdb.Error:
            if failures:
                raise failures[0] from None
            raise
        finally:
            con.unregister("delivered")
    return rows, delivered.notes


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
