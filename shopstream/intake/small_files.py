"""Small text files, typed together: to plan a statement for each took most of their time.

Each is read by itself, so a broken one is found out before, and has a work copy of its own.
"""

import logging

import pyarrow as pa
import pyarrow.parquet as pq

from shopstream.intake.decode import text_rows, typed
from shopstream.intake.duck import Duck
from shopstream.intake.work_copy import Job
from shopstream.stopping import raise_if_stopped

log = logging.getLogger(__name__)
SMALL = 256 << 10  # bytes as delivered
ENOUGH = 16 << 20  # bytes of rows that wait in memory
Failures = dict[str, Exception]


class SmallFiles:
    """The rows of small files that wait to be typed and written."""

    def __init__(self, duck: Duck) -> None:
        self.duck = duck
        self.waiting: dict[str, list[tuple[Job, pa.Table]]] = {}
        self.bytes = 0

    def are_enough(self) -> bool:
        """Whether it is time to write them."""
        return self.bytes >= ENOUGH

    def read(self, job: Job) -> tuple[int, str | None]:
        """Take in the rows of a content; as `decode`, but the work copy is still to be written."""
        rows, notes = text_rows(job)
        self.waiting.setdefault(typed(job.source), []).append((job, rows))
        self.bytes += rows.nbytes
        return rows.num_rows, notes

    def write(self) -> Failures:
        """Write the work copies of all that wait; the errors of those that failed, by content."""
        failures: Failures = {}
        for select, held in self.waiting.items():
            try:
                self._write(select, held)
            except Exception as together:  # each by itself, to find out whose it is
                raise_if_stopped()
                log.warning("small files could not be typed together", exc_info=together)
                for one in held:
                    try:
                        self._write(select, [one])
                    except Exception as error:
                        failures[one[0].target.stem] = error
        self.waiting, self.bytes = {}, 0
        return failures

    def _write(self, select: str, held: list[tuple[Job, pa.Table]]) -> None:
        delivered = pa.concat_tables(rows for _, rows in held)
        with self.duck.connection() as con:
            con.register("delivered", delivered)
            rows = con.sql(select).to_arrow_table()
            con.unregister("delivered")
        places = ["file_key", "row_number"]
        if not rows.select(places).equals(delivered.select(places)):
            raise RuntimeError("the rows that were typed are not those that were read")
        at = 0
        for job, own in held:
            pq.write_table(rows.slice(at, own.num_rows), job.target, compression="snappy")
            at += own.num_rows
