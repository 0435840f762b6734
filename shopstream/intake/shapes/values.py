"""What the values of a column are: times of which format, numbers, event types, texts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import duckdb
import pyarrow as pa

from shopstream.intake.description import TIME_FORMATS
from shopstream.intake.shapes.names import event_type_of

TEXT = TIME_FORMATS[0]
# As the contract has it; whether a date exists is for the models to say.
_AS_TEXT = r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d([.]\d+)?( UTC|Z|[+-]\d\d(:?\d\d)?)?$"
_LOCAL = r":\d\d([.]\d+)?$"
# From 2000 to 2099, in their units.
_EPOCHS = dict(zip(TIME_FORMATS[1:], (1, 1_000, 1_000_000), strict=True))
_FIRST, _LAST = 946_684_800, 4_102_444_800
# With points nobody writes the month first.
_DATES = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y"),
    *("%m-%d-%Y", "%d %b %Y", "%b %d, %Y", "%d-%b-%Y", "%d %B %Y", "%B %d, %Y"),
    *("%d/%m/%y", "%m/%d/%y", "%d.%m.%y"),
)
_CLOCKS = ("%H:%M:%S", "%H:%M:%S.%f", "%H:%M", "%I:%M:%S %p", "%I:%M %p")
_FORMATS = (
    *(f"{day} {clock}{zone}" for day in _DATES for clock in _CLOCKS for zone in ("", " %z")),
    *("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M%z", "%d/%b/%Y:%H:%M:%S %z", "%Y%m%d%H%M%S"),
    *("%Y%m%dT%H%M%SZ", "%a, %d %b %Y %H:%M:%S %z", "%a %b %d %H:%M:%S %Y"),
)
_DISTINCT = 5_000  # values that formats are tried on
MOST = 0.9  # of the values that have to be of a kind
_LONGEST = 1_000  # characters of a value that are looked at
_WHOLE = r"^[+-]?\d+([.]0)?$"
_DRAWN = r"^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$"
_DECIMAL = r"^[+-]?(\d+[.]?\d*|[.]\d+)([eE][+-]?\d+)?$"


@dataclass(frozen=True)
class Times:
    """How a column writes times.

    format: as in a source description, None where its values are no times or nothing decides;
    either: the formats between which nothing decides. only_dates: its values have no time of day.
    are_local: some have neither zone nor offset.
    """

    format: str | None = None
    either: tuple[str, ...] = ()
    only_dates: bool = False
    are_local: bool = False


class Column:
    """One column of a head; `values` is a list of all of its values, null where there is none."""

    def __init__(self, con: duckdb.DuckDBPyConnection, rows: pa.Table, at: int) -> None:
        self.con, self.at = con, at
        self.values = rows[str(at)]

    @cached_property
    def counts(self) -> dict[str, int]:
        """Trimmed distinct values with their rows, the most frequent first; no `null`."""
        found = self._ask("select v, count(*) as n from trimmed group by v order by n desc, v")
        return dict(found)

    @cached_property
    def filled(self) -> int:
        """Rows that have a value."""
        return sum(self.counts.values())

    @cached_property
    def shares(self) -> dict[str, float]:
        """Part of the values that are whole numbers of 64 bits, numbers, texts of times."""
        (row,) = self._ask(
            f"select avg((regexp_matches(v, '{_WHOLE}') "
            "and try_cast(replace(v, '.0', '') as bigint) is not null)::int), "
            f"avg(regexp_matches(v, '{_DECIMAL}')::int), "
            f"avg(regexp_matches(v, '{_AS_TEXT}')::int) from trimmed"
        )
        return dict(zip(("whole", "number", "time"), (x or 0 for x in row), strict=True))

    @property
    def no_number(self) -> str:
        """The most frequent of its values that are no numbers."""
        return next((v for v in self.counts if not re.search(_DECIMAL, v)), "")[:60]

    def _ask(self, sql: str) -> list[tuple]:
        self.con.register("delivered", pa.table({"v": self.values}))
        trimmed = (
            f"with trimmed as (select trim(left(v, {_LONGEST})) as v from delivered "
            "where trim(v) != '' and lower(trim(v)) != 'null') "
        )
        return self.con.execute(trimmed + sql).fetchall()

    @cached_property
    def are_ids_of_text(self) -> bool:
        """Whether its values are ids that are no whole numbers, not counting a few broken ones."""
        if not self.filled:
            return False
        texts = 1 - self.shares["whole"]
        return texts > 0.5 or (texts > 0.1 and self._distinct_texts > 10)

    @cached_property
    def _distinct_texts(self) -> int:
        return self._ask(
            f"select count(distinct v) from trimmed where not regexp_matches(v, '{_WHOLE}')"
        )[0][0]

    @cached_property
    def are_ids(self) -> bool:
        """Whether its values are whole numbers, or ids as programs draw them, and no times."""
        if not self.filled or self.times.format or len(self.counts) < 2:
            return False
        (row,) = self._ask(f"select avg(regexp_matches(v, '{_DRAWN}')::int) from trimmed")
        return max(self.shares["whole"], row[0]) > MOST

    def where_mostly_null(self, other: "Column") -> set[str]:
        """Its values, lower case, in whose rows another column mostly has none."""
        self.con.register("pairs", pa.table({"v": self.values, "other": other.values}))
        found = self.con.execute(
            "select lower(trim(v)) from pairs group by all having avg((other is null)::int) > 0.5"
        )
        return {value for (value,) in found.fetchall()}

    @cached_property
    def are_event_types(self) -> bool:
        """Whether its values are names of event types, most of them known ones."""
        if not self.filled or len(self.counts) > 200:
            return False
        known = sum(n for value, n in self.counts.items() if event_type_of(value))
        return known > 0.5 * self.filled

    @cached_property
    def are_currencies(self) -> bool:
        """Whether all values are codes of three letters."""
        return bool(self.counts) and all(
            len(v) == 3 and v.isascii() and v.isalpha() for v in self.counts
        )

    def share_of_quantities(self) -> float:
        """Part of the values that are whole numbers from 1."""
        (row,) = self._ask(
            f"select avg((regexp_matches(v, '{_WHOLE}') and try_cast(v as double) >= 1)::int) "
            "from trimmed"
        )
        return row[0] or 0

    @cached_property
    def times(self) -> Times:
        """How it writes times."""
        if not self.filled:
            return Times()
        if self.shares["time"] > MOST / 2:
            return Times(TEXT, are_local=any(re.search(_LOCAL, value) for value in self.counts))
        for name, unit in _EPOCHS.items():
            (row,) = self._ask(
                f"select avg((regexp_matches(v, '^\\d+([.]\\d+)?$') and try_cast(v as double) "
                f"between {_FIRST * unit} and {_LAST * unit})::int) from trimmed"
            )
            if row[0] > MOST:
                return Times(name)
        # One for each order of day and month; others of one order read the same.
        fits = {each.find("%d") < each.find("%m"): each for each in self._formats(_FORMATS)}
        if len(fits) > 1:
            return Times(either=tuple(sorted(fits.values())))
        if fits:
            (only,) = fits.values()
            return Times(only, are_local="%z" not in only and not only.endswith("Z"))
        return Times(only_dates=any(self._formats(_DATES)))

    def _formats(self, formats: tuple[str, ...]) -> Iterator[str]:
        """The formats that read most values as times of 1970 to 2100, the best ones only."""
        counts = dict(list(self.counts.items())[:_DISTINCT])
        self.con.register("counted", pa.table({"v": [*counts], "n": [*counts.values()]}))
        tried = ", ".join(
            f"sum(n) filter (year(try_strptime(v, '{each}')) between 1970 and 2100)"
            for each in formats
        )
        (row,) = self.con.execute(f"select {tried} from counted").fetchall()
        best = max(found or 0 for found in row)
        if best > MOST * sum(counts.values()):
            yield from (each for each, n in zip(formats, row, strict=True) if n == best)
