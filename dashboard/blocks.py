"""What pages are made of: cards, charts, tables and findings in parts of a page.

They know nothing of Streamlit, so that the browser and the report show the same.
"""

import math
import os
import zoneinfo
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time

import pandas as pd
import plotly.graph_objects as go

from dashboard.data import Build
from dashboard.periods import PREVIOUS, Period
from shopstream.config import rules, time_zones

# Any other value hides user ids: what was meant to hide them must not show them.
NOT_HIDDEN = {"", "0", "no", "false", "off"}
SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "UAH": "₴", "KRW": "₩"}
# A change too small to be told.
UNMOVED = "unchanged"
# What a figure holds that ignores a filter.
WHOLE = {
    "period": "all dates",
    "category": "all categories",
    "brand": "all brands",
    "segment": "all segments",
    "weekday": "all weekdays",
}


@dataclass(frozen=True)
class Card:
    """One figure. `change` is against the period before, in percent or, of percentages, in
    points; `trail` is the sparkline, `trail_words` says what each of its values is."""

    name: str
    value: str
    definition: str = ""
    change: float | None = None
    change_unit: str = "%"
    trail: tuple[float, ...] = ()
    trail_words: tuple[str, ...] = ()
    of_money: bool = False

    @property
    def moved(self) -> str | None:
        """The change in words; None where there is none to tell."""
        if self.change is None:
            return None
        digits = 1 if self.change_unit == "%" else 2
        unmoved = not round(self.change, digits)
        return UNMOVED if unmoved else f"{self.change:+.{digits}f} {self.change_unit}"


@dataclass(frozen=True)
class Cards:
    """A row of cards and the line below it."""

    cards: tuple[Card, ...]
    caption: str = ""


@dataclass(frozen=True)
class Chart:
    """A chart with its rows. A click sets the filter that `sets` names to the clicked name;
    `metric` names the definition that its title explains."""

    title: str
    figure: go.Figure
    rows: pd.DataFrame
    caption: str
    sets: str = ""
    metric: str = ""


@dataclass(frozen=True)
class Table:
    """A table of those columns of its rows that dashboard/columns.py names. A click on a row opens
    the part `opens` of the page with the filter `sets` on the row's `item`; `all_rows` gives what
    the CSV has, where the table shows a part of it."""

    title: str
    rows: pd.DataFrame
    caption: str
    columns: tuple[str, ...]
    opens: str = ""
    sets: str = ""
    all_rows: Callable[[], pd.DataFrame] | None = None


@dataclass(frozen=True)
class Findings:
    """Sentences, each with the path of the page that shows it, the chart there, and what is chosen
    there; a path that is no page's has no link."""

    title: str
    sentences: tuple[tuple[str, str, str, dict[str, str]], ...]
    otherwise: str = ""


@dataclass(frozen=True)
class Empty:
    """Nothing to show: why, and what to do."""

    title: str
    words: str


def listed(
    title: str, rows: pd.DataFrame, caption: str, columns: tuple[str, ...], none: tuple[str, str]
) -> Table | Empty:
    """A table, or where it has no row the title and the words of `none`."""
    return Empty(*none) if rows.empty else Table(title, rows, caption, columns)


Block = Cards | Chart | Table | Findings | Empty


@dataclass(frozen=True)
class Display:
    """Settings of how things are shown: SHOPSTREAM_TIMEZONE, _CURRENCY, _HIDE_USER_IDS,
    _DAILY_TARGET (revenue of a day; 0 for none), _FEWEST (below so many a rate is grey)."""

    zone: str = "UTC"
    sign: str = "$"
    hides_users: bool = False
    daily_target: float = 0.0
    fewest: float = 30

    @classmethod
    def from_environment(cls) -> "Display":
        """The settings; a time zone that does not exist counts as UTC."""
        zone = os.environ.get("SHOPSTREAM_TIMEZONE") or "UTC"
        known = zone in time_zones()
        hides = os.environ.get("SHOPSTREAM_HIDE_USER_IDS", "").strip().lower() not in NOT_HIDDEN
        return cls(
            zone if known else "UTC",
            os.environ.get("SHOPSTREAM_CURRENCY", sign_of(str(rules()["store_currency"]))),
            hides,
            positive("SHOPSTREAM_DAILY_TARGET", cls.daily_target),
            positive("SHOPSTREAM_FEWEST", cls.fewest),
        )


def sign_of(currency: str) -> str:
    """The sign of a currency by its three letters; these where it has none of its own."""
    code = currency.strip().upper()
    return SIGNS.get(code, f"{code} ")


def positive(variable: str, default: float) -> float:
    """A number of the environment; the default where it is none, or below 0."""
    try:
        value = float(os.environ.get(variable) or default)
    except ValueError:
        return default
    return value if 0 <= value < math.inf else default


@dataclass(frozen=True)
class View:
    """What the reader chose; a filter that is on "all" is None or absent in `choices`."""

    period: Period | None = None
    display: Display = field(default_factory=Display)
    choices: dict[str, str | None] = field(default_factory=dict)
    # How a choice is written, where that is not its value.
    written: dict[str, str] = field(default_factory=dict)
    # Filters that are set and that the part can't apply.
    left: tuple[str, ...] = ()

    def chosen(self, name: str) -> str | None:
        """The value of a filter; None where it is on "all"."""
        return self.choices.get(name)

    @property
    def dates(self) -> tuple[date, date]:
        """The first and the last of the chosen dates."""
        return self.period.first, self.period.last

    @property
    def before(self) -> Period | None:
        """The period to compare with, unless there is none or the reader wants none."""
        return self.period.against(self.chosen("compare") or PREVIOUS)

    @property
    def sign(self) -> str:
        """The currency's sign."""
        return self.display.sign

    @property
    def target(self) -> float:
        """The revenue that a day should bring; 0 where none is set, or a part of the store is
        chosen."""
        part = any(map(self.chosen, ("category", "brand", "segment")))
        return 0.0 if part else self.display.daily_target

    @property
    def hour_zone(self) -> str:
        """The time zone of hours: the display's, unless it is half an hour off, as the marts' hours
        can't be split."""
        zone, noon = zoneinfo.ZoneInfo(self.display.zone), time(12)
        offsets = [datetime.combine(day, noon, zone).utcoffset() for day in self.dates]
        return self.display.zone if not any(off.seconds % 3600 for off in offsets) else "UTC"

    def of_zone(self) -> str:
        """What to say of dates and hours where the display is not in UTC."""
        if self.display.zone == "UTC":
            return ""
        if self.hour_zone == "UTC":
            return f" In UTC: {self.display.zone} is not whole hours off."
        return " Dates in UTC."

    def thin(self, counts: pd.Series, things: str) -> str:
        """What a grey bar means, where one has too few of these to say much."""
        fewest = self.display.fewest
        return f" Grey: fewer than {fewest:g} {things}." if (counts < fewest).any() else ""

    def within(self, *filters: str) -> str:
        """The chosen dates and these filters, as a sentence."""
        chosen = (self.written.get(name) or self.chosen(name) for name in filters)
        return ", ".join(filter(None, [self.period.words, *chosen])) + "."

    def beyond(self, *filters: str) -> str:
        """What to add to the title of a figure that ignores these filters, where one is set."""
        narrowed = [name for name in filters if name != "period" and self.chosen(name)]
        if "period" in filters and self.period and not self.period.is_all:
            narrowed = ["period", *narrowed]
        return f" ({', '.join(WHOLE[name] for name in narrowed)})" if narrowed else ""

    def marked(self, block: Block) -> Block:
        """The block with what it holds instead of the filters that are left, in its title."""
        if not self.left or isinstance(block, Empty):
            return block
        if isinstance(block, Cards):
            cards = (replace(each, name=with_whole(each.name, self.left)) for each in block.cards)
            return replace(block, cards=tuple(cards))
        return replace(block, title=with_whole(block.title, self.left))


def with_whole(title: str, names: tuple[str, ...]) -> str:
    """A title with what its figure holds of these filters, in one bracket with what it says."""
    said = [WHOLE[name] for name in names]
    words, bracket, last = title.removesuffix(")").rpartition(" (")
    if bracket and title.endswith(")") and last.split(", ")[0] in WHOLE.values():
        title, said = words, [*last.split(", "), *said]
    return f"{title} ({', '.join(dict.fromkeys(said))})"


Section = Callable[[Build, View], Iterable[Block]]


@dataclass(frozen=True)
class Part:
    """One question of a page, its filters, and its sections in rows of one or two."""

    name: str
    question: str
    rows: tuple[tuple[Section, ...], ...]
    filters: tuple[str, ...] = ()
    # Filters that mean nothing here, so that no title says that they are not applied.
    foreign: tuple[str, ...] = ()

    @property
    def sections(self) -> list[Section]:
        """All sections in order."""
        return [section for row in self.rows for section in row]


@dataclass(frozen=True)
class Page:
    """A page of the dashboard; its parts are one click apart."""

    title: str
    path: str
    parts: tuple[Part, ...]

    def part(self, name: str | None) -> Part:
        """The part of that name; the first one where there is none."""
        return next((part for part in self.parts if part.name == name), self.parts[0])
