"""What pages are made of, and how it is shown in the browser: filters, cards, charts, tables.

A page's sections give blocks (cards, charts, tables, findings), which know nothing of Streamlit, so
that the browser and the report show the same. Text from the data is escaped before it is shown.
"""

import logging
import os
import re
import zoneinfo
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from urllib.parse import urlencode

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard import data
from dashboard.charts import day, number, sparkline
from dashboard.data import Build, MissingMart
from shopstream.config import Settings
from shopstream.published import NothingPublished

log = logging.getLogger(__name__)


# --- what is shown ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Card:
    """One figure. `change` is in percent against the period before; `trail` is the sparkline."""

    name: str
    value: str
    definition: str = ""
    change: float | None = None
    trail: tuple[float, ...] = ()


@dataclass(frozen=True)
class Cards:
    """A row of cards and the line below it; `against` says what a change is against."""

    cards: tuple[Card, ...]
    caption: str = ""
    against: str = ""


@dataclass(frozen=True)
class Chart:
    """A chart with its rows. A click sets the filter that `sets` names to the clicked name."""

    title: str
    figure: go.Figure
    rows: pd.DataFrame
    caption: str
    sets: str = ""


@dataclass(frozen=True)
class Table:
    """A table. `columns` gives each shown column its words and kind:
    text, number, money, percent, bar (a percentage with a bar) or time."""

    title: str
    rows: pd.DataFrame
    caption: str
    columns: dict[str, tuple[str, str]]


@dataclass(frozen=True)
class Findings:
    """Sentences, each with the path and title of the page that shows it."""

    title: str
    sentences: tuple[tuple[str, str, str], ...]
    otherwise: str = ""


@dataclass(frozen=True)
class Empty:
    """Nothing to show: why, and what to do."""

    title: str
    words: str


Block = Cards | Chart | Table | Findings | Empty


@dataclass(frozen=True)
class Period:
    """A range of dates. `stored` is its type and start where the marts hold figures for it that do
    not add up over days; `before` is the one it is compared with, where that is in the data."""

    words: str
    first: date
    last: date
    stored: tuple[str, date] | None = None
    before: "Period | None" = None


@dataclass(frozen=True)
class Display:
    """Settings of how things are shown: SHOPSTREAM_TIMEZONE, _CURRENCY, _HIDE_USER_IDS."""

    zone: str = "UTC"
    sign: str = "$"
    hides_users: bool = False

    @classmethod
    def from_environment(cls) -> "Display":
        """The settings; a time zone that does not exist counts as UTC."""
        zone = os.environ.get("SHOPSTREAM_TIMEZONE") or "UTC"
        known = zone in zoneinfo.available_timezones()
        hides = os.environ.get("SHOPSTREAM_HIDE_USER_IDS", "").lower() in {"1", "true", "yes"}
        return cls(zone if known else "UTC", os.environ.get("SHOPSTREAM_CURRENCY", "$"), hides)


@dataclass(frozen=True)
class View:
    """What the reader chose on a page."""

    period: Period | None = None
    display: Display = field(default_factory=Display)
    choices: dict[str, str] = field(default_factory=dict)

    def chosen(self, name: str) -> str | None:
        """The value of a filter; None where it is on "all"."""
        value = self.choices.get(name)
        return None if value is None or value == FILTERS[name].everything else value


@dataclass(frozen=True)
class Page:
    """A page: its question, its filters, and rows of one or two sections side by side."""

    title: str
    path: str
    question: str
    rows: tuple[tuple[Callable[[Build, View], Iterable[Block]], ...], ...]
    filters: tuple[str, ...] = ()


# --- filters ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Filter:
    """A choice among names; the first one, or `everything`, is the default."""

    words: str
    options: Callable[[Build], list[str]] | tuple[str, ...]
    everything: str = ""

    @property
    def default(self) -> str:
        """What holds where nothing was chosen."""
        return self.everything or self.options[0]

    def names(self, build: Build) -> list[str]:
        """All options, the default first."""
        found = list(self.options(build) if callable(self.options) else self.options)
        return [self.everything, *found] if self.everything else found


FILTERS = {
    "grain": Filter("By", ("day", "week", "month")),
    "category": Filter("Category", data.categories, "All categories"),
    "brand": Filter("Brand", data.brand_names, "All brands"),
    "segment": Filter(
        "Segment", lambda build: data.segments(build)["user_segment"].tolist(), "All segments"
    ),
    "funnel": Filter("Funnel of", ("events", "sessions, any order", "sessions, in order", "users")),
    "measure": Filter("Measure", ("revenue", "purchases", "views", "events")),
    "watched": Filter("Watched", ("purchase", "cart", "view")),
    "pairs": Filter(
        "Pairs of", ("products viewed", "products bought", "categories viewed", "categories bought")
    ),
    "retention": Filter(
        "Retention of", ("visits by week", "purchases by week", "visits by day", "purchases by day")
    ),
}
EVERYTHING, OTHER_DATES = "All dates", "Other dates…"


def stored_periods(build: Build) -> dict[str, Period]:
    """The periods to choose from by their words: all dates, then months, then weeks, newest first.

    One is compared with the one before only where both lie wholly in the data.
    """
    found = data.periods(build)
    total = found[found["period_type"] == "total"]
    if total.empty:
        return {}
    first, last = (pd.Timestamp(total.iloc[0][c]).date() for c in ("period_start", "period_end"))
    chosen = {EVERYTHING: Period(EVERYTHING, first, last, ("total", first))}
    for kind in ("month", "week"):
        before, named = None, {}
        for start in found.loc[found["period_type"] == kind, "period_start"]:
            start = pd.Timestamp(start).date()
            end = natural_end(kind, start)
            words = f"{start:%B %Y}" if kind == "month" else f"Week of {day(start)}"
            whole = first <= start and end <= last
            # Whole ones are compared, and the one before must end where this one begins.
            follows = whole and before and before.last + timedelta(days=1) == start
            period = Period(
                words, max(start, first), min(end, last), (kind, start), before if follows else None
            )
            named[words] = period
            before = period if whole else None
        chosen |= dict(reversed(named.items()))
    return chosen


def natural_end(kind: str, start: date) -> date:
    """The last date of the day, week or month that starts there."""
    if kind == "month":
        return (start.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return start + timedelta(days=6 if kind == "week" else 0)


def period_of(first: date, last: date, stored: dict[str, Period]) -> Period:
    """The period of any dates: the stored one where it is one, else what adds up over days."""
    for period in stored.values():
        if (period.first, period.last) == (first, last):
            return period
    data_first = stored[EVERYTHING].first
    length = last - first + timedelta(days=1)
    before = None
    if first - length >= data_first:
        ends = first - timedelta(days=1)
        before = Period(
            span(first - length, ends),
            first - length,
            ends,
            ("day", ends) if length.days == 1 else None,
        )
    return Period(span(first, last), first, last, ("day", first) if first == last else None, before)


def span(first: date, last: date) -> str:
    """A range of dates in words."""
    return day(first) if first == last else f"{day(first)} – {day(last)}"


def default_period(stored: dict[str, Period]) -> Period:
    """All dates: what a reader sees who has chosen nothing."""
    return stored[EVERYTHING]


def default_view(page: Page, build: Build) -> View:
    """The view of a page on which nothing was chosen."""
    period = default_period(stored_periods(build)) if "period" in page.filters else None
    choices = {name: FILTERS[name].names(build)[0] for name in page.filters if name != "period"}
    return View(period, Display.from_environment(), choices)


def choose(page: Page, build: Build) -> View:
    """Show the page's filters and give what is chosen; the address always says it too."""
    display = Display.from_environment()
    if not page.filters:
        return View(display=display)
    period, choices = None, {}
    held, fresh = remembered(page)
    with st.container(horizontal=True, vertical_alignment="bottom", key="filters"):
        for name in page.filters:
            if name == "period":
                period = choose_period(build, held, fresh)
            else:
                names = FILTERS[name].names(build)
                choices[name] = select(FILTERS[name].words, name, names, held, fresh)
        st.button("Reset", on_click=reset, args=(page,), type="tertiary", icon=":material/undo:")
        write_address(page, held)
        with st.popover("Share", type="tertiary", icon=":material/share:"):
            share(build)
    return View(period, display, choices)


def remembered(page: Page) -> tuple[dict[str, list[str]], bool]:
    """What was chosen so far by filter, and whether it has to be put into the page's filters.

    An address that we did not write (a link, the back button) wins; a step to another page, which
    comes without parameters, keeps what was chosen.
    """
    held = st.session_state.setdefault("chosen", {})
    asked = {name: st.query_params.get_all(name) for name in parameters(page)}
    asked = {name: values for name, values in asked.items() if values}
    moved = st.session_state.get("page") != page.path
    from_outside = asked != st.session_state.get("written", {}) and bool(asked or not moved)
    if from_outside:
        for name in parameters(page):
            held.pop(name, None)
        held |= asked
    st.session_state["page"] = page.path
    return held, moved or from_outside


def parameters(page: Page) -> list[str]:
    """The parameters of a page's address."""
    return [*page.filters, *(["dates"] if "period" in page.filters else [])]


def select(words: str, name: str, names: list[str], held: dict[str, list[str]], fresh: bool) -> str:
    """A select box; what is none of its names counts as nothing chosen."""
    if fresh or st.session_state.get(name) not in names:
        wanted = held.get(name, [""])[0]
        st.session_state[name] = wanted if wanted in names else names[0]
    value = st.selectbox(words, names, key=name, width=180)
    held[name] = [value]
    return value


def choose_period(build: Build, held: dict[str, list[str]], fresh: bool) -> Period:
    """Show the filter of dates and give the period."""
    stored = stored_periods(build)
    if not stored:
        raise MissingMart("period_activity")
    words = select("Dates", "period", [*stored, OTHER_DATES], held, fresh)
    if words != OTHER_DATES:
        held.pop("dates", None)
        return stored[words]
    whole = default_period(stored)
    if fresh or "dates" not in st.session_state:
        st.session_state["dates"] = dates_within(held.get("dates", []), whole)
    dates = st.date_input(
        "From – to",
        min_value=whole.first,
        max_value=whole.last,
        key="dates",
        format="YYYY-MM-DD",
        width=230,
    )
    dates = dates or (whole.first, whole.last)
    held["dates"] = [each.isoformat() for each in dates]
    return period_of(dates[0], dates[-1], stored)


def dates_within(texts: list[str], whole: Period) -> tuple[date, date]:
    """The first and last of these dates, within the data; all of it where they are no dates."""
    try:
        dates = sorted(date.fromisoformat(text) for text in texts)
    except ValueError:
        dates = []
    inside = [min(max(each, whole.first), whole.last) for each in dates]
    return (inside[0], inside[-1]) if inside else (whole.first, whole.last)


def write_address(page: Page, held: dict[str, list[str]]) -> None:
    """Write into the address what differs from the defaults."""
    written = {}
    for name in parameters(page):
        values = held.get(name)
        default = name in FILTERS and [FILTERS[name].default] == values
        if values and not default and values != [EVERYTHING]:
            written[name] = values
            if st.query_params.get_all(name) != values:
                st.query_params[name] = values
        elif name in st.query_params:
            del st.query_params[name]
    st.session_state["written"] = written


def reset(page: Page) -> None:
    """Set all filters of a page to their defaults."""
    for name in page.filters:
        st.session_state[name] = EVERYTHING if name == "period" else FILTERS[name].default


def share(build: Build) -> None:
    """The link to this view, and the report of all pages as one file."""
    from dashboard.report import report

    chosen = [(key, value) for key in st.query_params for value in st.query_params.get_all(key)]
    link = (st.context.url or "").split("?")[0] + ("?" + urlencode(chosen) if chosen else "")
    st.caption("This link shows the same view:")
    st.code(link, language=None, wrap_lines=True)
    st.download_button(
        "Report of all pages",
        data=lambda: report(build),
        file_name=f"shopstream-build-{build.build_id}.html",
        mime="text/html",
        on_click="ignore",
        icon=":material/description:",
    )


# --- the page in the browser --------------------------------------------------------------------


def show(page: Page, links: dict[str, object]) -> None:
    """Show a page; `links` are Streamlit's pages by path, for links to them."""
    settings = Settings.from_environment()
    try:
        build = data.read_build(settings.warehouse)
    except NothingPublished:
        st.title(page.question, anchor=False)
        draw(Empty("Nothing is published yet", f"Build the marts with: {data.HOW_TO_BUILD}"), links)
        return
    st.caption(freshness(build))
    st.title(page.question, anchor=False)
    try:
        view = choose(page, build)
    except MissingMart as missing:
        draw(without(missing), links)
        return
    for row in page.rows:
        places = st.columns(len(row), gap="medium") if len(row) > 1 else [st.container()]
        for section, place in zip(row, places, strict=True):
            with place:
                for block in blocks(section, build, view):
                    draw(block, links)


def freshness(build: Build) -> str:
    """Which build is shown, of when, over which dates."""
    zone = Display.from_environment().zone
    at = build.published_at.astimezone(zoneinfo.ZoneInfo(zone))
    words = f"build {build.build_id} · {at:%Y-%m-%d %H:%M} {zone}"
    try:
        total = data.periods(build).query("period_type == 'total'").iloc[0]
        first, last = (pd.Timestamp(total[c]).date() for c in ("period_start", "period_end"))
        events = data.activity(build, "total", first)["total_events"]
        words += f" · {number(events)} events · {span(first, last)}"
    except (MissingMart, IndexError):
        pass
    return words + " · published, so all tests passed"


def blocks(section: Callable, build: Build, view: View) -> list[Block]:
    """The blocks of a section; what fails becomes words, and the rest of the page holds."""
    try:
        return list(section(build, view))
    except MissingMart as missing:
        return [without(missing)]
    except Exception:
        log.exception("section %s of build %s failed", section.__name__, build.build_id)
        name = section.__name__.replace("_", " ")
        return [
            Empty(f"{name.capitalize()} can't be shown", "The rest of the page holds; see the log.")
        ]


def without(missing: MissingMart) -> Empty:
    """What to say for a mart that the build does not have."""
    if missing.mart == "optimizations":
        return Empty("Nothing was measured yet", f"Measure with: {data.HOW_TO_MEASURE}")
    return Empty(
        f"This build has no {missing.mart}",
        f"It was built without the business marts. Build them with: {data.HOW_TO_BUILD}",
    )


def draw(block: Block, links: dict[str, object]) -> None:
    """Show one block in the browser."""
    match block:
        case Cards():
            draw_cards(block)
        case Chart():
            draw_chart(block)
        case Table():
            draw_table(block)
        case Findings():
            draw_findings(block, links)
        case Empty():
            st.info(f"**{plain(block.title)}.** {plain(block.words)}", icon=":material/info:")


def draw_cards(block: Cards) -> None:
    with st.container(key=f"cards_{slug(block.cards[0].name)}"):
        for card in block.cards:
            with st.container(border=True, gap="xxsmall"):
                st.metric(
                    plain(card.name),
                    plain(card.value),
                    None if card.change is None else f"{card.change:+.1f} %",
                    help=plain(card.definition) or None,
                )
                if len(card.trail) > 1:
                    st.image(sparkline(card.trail), width="stretch", alt="")
    if block.caption or block.against:
        st.caption(plain(" ".join(filter(None, [block.against, block.caption]))))


def draw_chart(block: Chart) -> None:
    key = f"chart_{slug(block.title)}"
    st.header(plain(block.title), anchor=False)
    st.plotly_chart(
        block.figure,
        key=key,
        on_select=(lambda: take_click(key, block.sets)) if block.sets else "ignore",
        selection_mode="points",
        config={
            "displaylogo": False,
            "modeBarButtons": [["toImage"]],
            "toImageButtonOptions": {"filename": slug(block.title), "scale": 2},
        },
        alt=f"{block.title}. {block.caption}",
    )
    foot(block.caption, block.rows, slug(block.title))


def take_click(key: str, name: str) -> None:
    """Set a filter to the name that was clicked in a chart."""
    points = st.session_state[key].selection.points
    if points and points[0].get("customdata"):
        clicked = points[0]["customdata"]
        st.session_state[name] = clicked[0] if isinstance(clicked, list) else clicked["0"]


def draw_table(block: Table) -> None:
    st.header(plain(block.title), anchor=False)
    shown = block.rows[list(block.columns)]
    st.dataframe(
        shown,
        hide_index=True,
        column_config={
            name: column(words, kind, shown[name]) for name, (words, kind) in block.columns.items()
        },
        height=min(35 * (len(shown) + 1) + 3, 458),
        placeholder="–",
        alt=block.title,
    )
    foot(block.caption, block.rows, slug(block.title))


def column(words: str, kind: str, values: pd.Series):
    """How a column of a table is shown."""
    sign = Display.from_environment().sign
    match kind:
        case "text":
            return st.column_config.TextColumn(words)
        case "number":
            return st.column_config.NumberColumn(words, format="localized")
        case "decimal":
            return st.column_config.NumberColumn(words, format="%.2f")
        case "money":
            return st.column_config.NumberColumn(f"{words}, {sign}", format="localized")
        case "percent":
            return st.column_config.NumberColumn(words, format="%.2f %%")
        case "bar":
            most = float(values.max() or 1) if len(values) else 1.0
            return st.column_config.ProgressColumn(
                words, format="%.1f %%", min_value=0, max_value=most
            )
        case "time":
            return st.column_config.DatetimeColumn(words, format="YYYY-MM-DD HH:mm")
    raise ValueError(kind)


def draw_findings(block: Findings, links: dict[str, object]) -> None:
    st.header(plain(block.title), anchor=False)
    if not block.sentences:
        st.caption(plain(block.otherwise))
    kept = {
        key: st.query_params.get_all(key) for key in ("period", "dates") if key in st.query_params
    }
    with st.container(key="findings", gap="xsmall"):
        for sentence, path, title in block.sentences:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(plain(sentence), width="content")
                if path in links:
                    st.page_link(links[path], label=f"show in {title}", query_params=kept)


def foot(caption: str, rows: pd.DataFrame, name: str) -> None:
    """The grey line below a chart or table, with its rows as CSV."""
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
        st.caption(plain(caption), width="stretch")
        st.download_button(
            "CSV",
            as_csv(rows),
            file_name=f"{name}.csv",
            mime="text/csv",
            key=f"csv_{name}",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
            help=f"Rows of “{name.replace('-', ' ')}”",
        )


# --- text ---------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """Text in which Markdown, HTML and formulas are shown, not run."""
    return re.sub(r"([\\`*_{}\[\]()#+\-!|<>$~:&])", r"\\\1", str(text))


def slug(text: str) -> str:
    """A name for files and keys."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def as_csv(rows: pd.DataFrame) -> bytes:
    """CSV that a spreadsheet shows as it is: text that would run as a formula gets a quote."""

    def harmless(value):
        risky = isinstance(value, str) and value.lstrip()[:1] in set("=+-@\t\r")
        return f"'{value}" if risky else value

    safe = rows.rename(columns=harmless)
    for name in safe.select_dtypes("object"):
        safe[name] = safe[name].map(harmless)
    return safe.to_csv(index=False).encode("utf-8-sig")
