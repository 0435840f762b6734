"""What a work copy holds: each column as text or, where a value reads back just so, typed.

A typed value is in a column of its own (`user_id_exact`), so that no engine need parse it:
docs/decisions/landing.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from shopstream.intake.duck import Database
from shopstream.intake.sources import Source

Given = dict[str, str | None]
ID_COLUMNS = ("product_id", "category_id", "user_id")
WHOLE_COLUMNS = (*ID_COLUMNS, "quantity")
EXACT_TYPES = dict.fromkeys(ID_COLUMNS, "bigint") | {
    "event_time": "timestamptz",
    "price": "decimal(12, 2)",
}
# Engines disagree on calendars before, and on years of five digits; such times stay text.
EXACT_TIMES = "timestamp '1900-01-01' and timestamp '9999-12-31 23:59:59.999999'"


@dataclass(frozen=True)
class Job:
    """A content to be decoded.

    `kind` is parquet, or csv or jsonl, by itself or packed (`csv.gz`); `key` goes into the column
    file_key; `advance` is told the bytes read so far; `given` are values of the path and constants
    of the description, for columns that the file lacks; `most` is how many bytes it may unpack to.
    """

    path: Path
    kind: str
    key: int
    target: Path
    advance: Callable[[int], None]
    given: Given
    most: int
    source: Source


def copy(con: Database, select: str, values: list, target: Path) -> None:
    """Write the rows of `select` as a work copy."""
    # Row groups of DuckDB's own size: larger ones were slower to write and no faster to read.
    con.execute(
        f"copy ({select}) to ${len(values) + 1} (format parquet, compression snappy)",
        [*values, str(target)],
    )


def literal(text: str | None) -> str:
    """SQL of a text."""
    return "null::varchar" if text is None else f"'{text.replace(chr(39), 2 * chr(39))}'"


def cell(column: str, text: str, exact: str | None) -> str:
    """SQL of a column of the work copy: as text, or typed in a column beside it."""
    if exact is None:
        return f"{text} as {column}"
    typed = f"({exact})::{EXACT_TYPES[column]}"
    return f"case when {typed} is null then {text} end as {column}, {typed} as {column}_exact"


def exact_text(column: str, text: str) -> str | None:
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
