"""How the columns of a file could be ours, and the source description that says so."""

from dataclasses import dataclass, field

import duckdb

from shopstream.intake.columns import EVENT_COLUMNS, ROW_COLUMNS
from shopstream.intake.description import NEEDED
from shopstream.intake.shapes.fitting import fitting
from shopstream.intake.shapes.head import Head
from shopstream.intake.shapes.names import event_type_of, known_as, type_by_name
from shopstream.intake.shapes.values import MOST, TEXT, Column
from shopstream.intake.sources import Source, preset

IDS = ("user_id", "product_id")
_FITS_PRICE = 0.5  # of the values that have to be numbers
_LEAST_FOUND = 3  # columns by which a file is one of events
_MOST_TYPES = 100  # event types that are looked through


@dataclass
class Proposal:
    """What was found out about a file's columns.

    found: our column -> the delivered name and how it was found. questions: what keeps the file
    from being read, each with its remedy; notes: what a reader should know. description: the keys
    of a source description, less `files`; empty where the file is as landing expects it.
    """

    found: dict[str, tuple[str, str]] = field(default_factory=dict)
    questions: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    description: dict = field(default_factory=dict)


class Finder:
    """Looks for our columns among those of a head; `given` are columns that its path has."""

    def __init__(self, head: Head, con: duckdb.DuckDBPyConnection, given: dict) -> None:
        self.head, self.given, self.made = head, given, Proposal()
        self.columns = {
            name: Column(con, head.rows, at)
            for at, name in enumerate(head.names)
            if name not in head.nested
        }
        self.constants: dict[str, str] = {}
        self.time_format = TEXT
        self.hashed: list[str] = []
        self.event_types: dict[str, str] = {}

    def proposal(self) -> Proposal:
        """All that can be found out."""
        if known := fitting(self.head, self.columns):
            return self._of_known_shape(known)
        for column in ROW_COLUMNS:
            if column in self.given:
                self.made.found[column] = ("", "by the path")
            else:
                getattr(self, f"_find_{column}", lambda c=column: self._find_text(c))()
        self._find_the_needed()
        if self.head.nested and self.made.questions:
            names = ", ".join(sorted(self.head.nested)[:5])
            self.made.questions.insert(
                0, f"lists or objects are in {names}: write single values, one row an item"
            )
        self.made.description = self._description()
        return self.made

    def _of_known_shape(self, known: dict) -> Proposal:
        """What a preset says of the columns, and what it doesn't know of the event types."""
        name = known.get("preset")
        source = preset(name) if name else Source()
        header = source.header or known.get("header", ())
        shown = dict(zip(header, self.head.names, strict=False))
        here = {name.strip().lower(): name for name in self.head.names}
        for column in ROW_COLUMNS:
            delivered = source.delivered(column)
            if held := shown.get(delivered) or here.get(delivered):
                self.made.found[column] = (held, f"by preset {name}" if name else "by its values")
        if "event_type" in self.made.found:
            self._take_types(*self.made.found["event_type"])
        left_out = {*source.event_types, *self._without_products()}
        types = {v: t for v, t in self.event_types.items() if v not in left_out}
        texts = [
            column
            for column in IDS
            if (at := self.made.found.get(column)) and self.columns[at[0]].are_ids_of_text
        ]
        made = known | ({"event_types": types} if types else {})
        # A file has to have what a description names.
        if lacking := {*source.columns} - {*self.made.found}:
            made["absent"] = [c for c in ROW_COLUMNS if c in {*lacking, *source.absent}]
        if not set(texts) <= set(source.hashed):
            made["hashed"] = sorted({*texts, *source.hashed})
        self.made.description = made
        return self.made

    def _take(self, column: str, name: str, how: str = "") -> None:
        same = name.strip().lower() == column
        self.made.found[column] = (name, how or ("by its name" if same else "by a usual name"))

    def _free(self) -> dict[str, Column]:
        taken = {name for name, _ in self.made.found.values()}
        return {name: column for name, column in self.columns.items() if name not in taken}

    def _known(self, column: str) -> list[str]:
        return known_as(self._free(), column)

    def _find_text(self, column: str) -> None:
        for name in self._known(column)[:1]:
            self._take(column, name)

    def _find_event_time(self) -> None:
        known = self._known("event_time")
        among = [*known, *(name for name in self.columns if name not in known)]
        either: list[tuple[str, tuple[str, ...]]] = []
        for name in among:
            is_typed = name in self.head.times
            times = self.columns[name].times
            if is_typed or times.format:
                self._take("event_time", name, "" if name in known else "by its values")
                self.time_format = TEXT if is_typed else times.format
                if times.are_local and not is_typed:
                    self.made.notes.append(
                        f"{name} names no zone: its times are taken as UTC, unless the description "
                        "says another, such as time: {zone: Europe/Berlin}"
                    )
                return
            if times.either:
                either.append((name, times.either))
        if either:
            name, formats = either[0]
            self._take("event_time", name, "" if name in known else "by its values")
            self.made.questions.append(
                f"no value of {name} decides whether day or month comes first, such as "
                f"{self._example(name)}: write its format under time, {' or '.join(formats)}"
            )
        elif dates := [name for name in among if self.columns[name].times.only_dates]:
            self.made.questions.append(
                f"{dates[0]} has dates without a time of day, such as {self._example(dates[0])}: "
                "have the source export date and time in one column"
            )
        elif own := [name for name in known if name.strip().lower() == "event_time"]:
            self._take("event_time", own[0])

    def _example(self, name: str) -> str:
        return next(iter(self.columns[name].counts), "")[:60]

    def _find_event_type(self) -> None:
        known = self._known("event_type")
        own = [name for name in known if name.strip().lower() == "event_type"]
        if own:
            return self._take_types(own[0], "")
        typed = [name for name, column in self._free().items() if column.are_event_types]
        for name in [*(name for name in known if name in typed), *typed]:
            return self._take_types(name, "" if name in known else "by its values")
        if known and 0 < len(self.columns[known[0]].counts) <= _MOST_TYPES:
            self._take_types(known[0], "")

    def _take_types(self, name: str, how: str) -> None:
        self._take("event_type", name, how)
        for value in list(self.columns[name].counts)[:_MOST_TYPES]:
            ours = event_type_of(value)
            if ours and value.lower() != ours:
                self.event_types[value.lower()] = ours

    def _find_id(self, column: str) -> None:
        for name in self._known(column):
            if self.columns[name].filled or self.head.rows.num_rows == 0 or name == column:
                self._take(column, name)
                if self.columns[name].are_ids_of_text:
                    self.hashed.append(column)
                return

    def _find_user_id(self) -> None:
        self._find_id("user_id")

    def _find_product_id(self) -> None:
        self._find_id("product_id")

    def _find_category_id(self) -> None:
        self._find_text("category_id")

    def _find_price(self) -> None:
        for name in self._known("price"):
            column, own = self.columns[name], name.strip().lower() == "price"
            if own or column.shares["number"] > _FITS_PRICE:
                self._take("price", name)
            if column.filled and column.shares["number"] <= _FITS_PRICE:
                self.made.notes.append(
                    f"{name} holds values that are no plain numbers, such as {column.no_number}: "
                    "write prices with a point and without signs"
                )
            if own or "price" in self.made.found:
                return

    def _find_quantity(self) -> None:
        for name in self._known("quantity")[:1]:
            if self.columns[name].share_of_quantities() > MOST:
                self._take("quantity", name)
            elif self.columns[name].filled:
                self.made.notes.append(
                    f"{name} is left out: not all of its values are whole numbers from 1"
                )

    def _find_currency(self) -> None:
        for name in self._known("currency")[:1]:
            if self.columns[name].are_currencies:
                self._take("currency", name)

    def _find_the_needed(self) -> None:
        """What no event is without: constants where the file says so itself, else questions."""
        found, lists = self.made.found, ", ".join([*self._free()][:20])
        if not found and not self.made.questions:
            self.made.questions.append(
                f"none of its columns is known to be one of an event: {lists or 'there are none'}; "
                "if they are, name them under columns"
            )
            return
        if "event_type" not in found:
            self._type_of_all()
        self._take_the_only_id()
        for column in ("event_time", "product_id"):
            if column not in found and not self.made.questions:
                self.made.questions.append(
                    f"no column is known to be {column}; free are {lists or 'none'}: name it under "
                    "columns"
                )
        if "user_id" not in found and "user_session" not in found:
            self.made.questions.append(
                f"no column is known to be user_id or user_session; free are {lists or 'none'}: "
                "name one under columns"
            )

    def _take_the_only_id(self) -> None:
        """Where one id is not known by name, and one column alone has values of ids, it is this."""
        found = self.made.found
        missing = [c for c in IDS if c not in found]
        ids = [name for name, column in self._free().items() if column.are_ids]
        if len(missing) == len(ids) == 1 and len(found) >= _LEAST_FOUND:
            self._take(missing[0], ids[0], "by its values")
            self.hashed += missing if self.columns[ids[0]].are_ids_of_text else []
            self.made.notes.append(
                f"{ids[0]} is taken for {missing[0]}, for no other column could be: see that it is"
            )

    def _without_products(self) -> set[str]:
        """Event types, lower case, whose rows mostly have no product: a page seen is no view."""
        names = [self.made.found.get(c, ("",))[0] for c in ("event_type", "product_id")]
        if not all(name in self.columns for name in names):
            return set()
        types, products = (self.columns[name] for name in names)
        return types.where_mostly_null(products)

    def _type_of_all(self) -> None:
        """An event type for all rows: what the file's name says, or purchases where amounts are."""
        ours = type_by_name(self.head.name.rpartition("/")[2])
        if not ours and {"price", "quantity"} <= set(self.made.found):
            ours = "purchase"
        if ours:
            self.constants["event_type"] = ours
            self.made.notes.append(f"no column has event types: all rows are taken for {ours}")
        else:
            self.made.questions.append(
                "no column has event types: name it under columns, or give all rows one with "
                "constants: {event_type: purchase}"
            )

    def _description(self) -> dict:
        head, made = self.head, {}
        columns = {c: name.strip() for c, (name, how) in self.made.found.items() if name}
        if not head.has_header:
            made["header"] = list(head.names)
        mapped = {
            c: name
            for c, name in columns.items()
            if name.lower() != c or c in ("quantity", "currency")
        }
        if mapped:
            made["columns"] = mapped
        if self.time_format != TEXT:
            made["time"] = {"format": self.time_format}
        if head.delimiter != "," and head.form == "csv":
            made["delimiter"] = head.delimiter
        left_out = self._without_products()
        if types := {v: t for v, t in self.event_types.items() if v not in left_out}:
            made["event_types"] = types
        if self.constants:
            made["constants"] = self.constants
        if self.hashed:
            made["hashed"] = sorted(self.hashed)
        known = {*self.made.found, *self.constants, *NEEDED}
        missing = [c for c in EVENT_COLUMNS if c not in known]
        if missing and (made or "user_id" in missing):
            made["absent"] = missing
        return made
