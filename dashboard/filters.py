"""What a reader can choose, shown as select boxes, and kept in the address.

The address is the truth: a link, a reload and the back button show the view it names. What differs
from the defaults is written into it in one step, so that one step back undoes one choice.
"""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from dashboard import data
from dashboard.blocks import Display, Page, Part, View
from dashboard.charts import WEEKDAYS
from dashboard.data import Build
from dashboard.money import CHOICES
from dashboard.periods import (
    COMPARISONS,
    EVERYTHING,
    OTHER_DATES,
    Period,
    dates_within,
    default_period,
    period_of,
    stored_periods,
)
from dashboard.words import short, span

Values = dict[str, list[str]]


@dataclass(frozen=True)
class Filter:
    """A choice among names; the first one, or `everything`, is the default. Without options it
    is typed in: `typed` is "text", or "number" from 1."""

    words: str
    options: Callable[[Build], list[str]] | tuple[str, ...] = ("",)
    everything: str = ""
    typed: str = ""

    def default(self, build: Build) -> str:
        """What holds where nothing was chosen."""
        return self.everything or self.names(build)[0]

    def names(self, build: Build) -> list[str]:
        """All options, the default first; none by money where no event has a price."""
        found = list(self.options(build) if callable(self.options) else self.options)
        if not callable(self.options) and not data.quality.has_prices(build):
            found = [name for name in found if name not in CHOICES]
        return [self.everything, *found] if self.everything else found


RETENTIONS = ("visits by week", "purchases by week", "visits by day", "purchases by day")


def cohort_of(retention: str) -> tuple[str, str]:
    """The activity and the period of the marts that a choice of retention names."""
    activity, grain = retention.split(" by ")
    return activity.removesuffix("s"), grain


def cohorts(build: Build) -> list[str]:
    """The cohorts of the retention that is chosen."""
    chosen = held_values().get("retention", RETENTIONS)[0]
    known = chosen if chosen in RETENTIONS else RETENTIONS[0]
    return data.users.cohort_starts(build, *cohort_of(known))


FILTERS = {
    "compare": Filter("Compare with", COMPARISONS),
    "grain": Filter("By", ("day", "week", "month")),
    "category": Filter("Category", data.products.categories, "All categories"),
    "brand": Filter("Brand", data.products.brand_names, "All brands"),
    "segment": Filter("Segment", data.users.segment_names, "All segments"),
    "funnel": Filter(
        "Funnel of", ("sessions, in order", "sessions, any order", "visitors", "events")
    ),
    "measure": Filter("Measure", ("revenue", "purchases", "views", "events")),
    "weekday": Filter("Hours of", tuple(f"{day}s" for day in WEEKDAYS), "all days"),
    "judged": Filter("Judge days by", ("revenue", "orders", "conversion")),
    "count": Filter("Count", ("visitors", "sessions")),
    "watched": Filter("Unusual hours of", ("purchase", "cart", "view")),
    "pairs": Filter(
        "Pairs of", ("products viewed", "products bought", "categories viewed", "categories bought")
    ),
    "bond": Filter("That go", ("together", "apart")),
    "retention": Filter("Retention of", RETENTIONS),
    "cohort": Filter("Cohort of", cohorts, "all dates"),
    "kind": Filter("List", tuple(data.explorer.KINDS)),
    "find": Filter("Name contains", typed="text"),
    "sort": Filter("Highest first by", data.explorer.SORTS),
    "page": Filter("Page", typed="number"),
    "item": Filter("Product number", typed="text"),
    "buyers": Filter("Buyers who are", data.users.rfm_names, "all buyers"),
    "customer": Filter("Visitor number", typed="text"),
}

# In the order of the address.
NAMES = ("period", "dates", *FILTERS)
# So much can be typed in.
TYPED = 60
# What leaves out a part of the data; the others choose how it is shown.
NARROWING = ("period", "category", "brand", "segment")


def default_view(part: Part, build: Build) -> View:
    """The view of a part in which nothing was chosen."""
    names = [name for name in part.filters if name != "period"]
    choices = {name: FILTERS[name].default(build) for name in names if not FILTERS[name].everything}
    period = default_period(stored_periods(build)) if "period" in part.filters else None
    return View(period, Display.from_environment(), choices)


def choose_part(page: Page) -> Part:
    """Show the parts of a page and give the chosen one."""
    missed().clear()
    follow_address(page)
    if len(page.parts) == 1:
        return page.parts[0]
    names = [part.name for part in page.parts]
    name = one_of("part", names, names[0])
    st.segmented_control(
        "Part of the page",
        names,
        key="part",
        on_change=act,
        required=True,
        label_visibility="collapsed",
    )
    return page.part(name)


def choose(part: Part, build: Build) -> View:
    """Show the filters of a part and give what is chosen."""
    period, choices, written = None, {}, {}
    for name in part.filters:
        if name == "period":
            period = choose_period(build)
        else:
            one = FILTERS[name]
            if one.typed:
                choices[name] = type_in(one, name)
                continue
            value = select(one.words, name, one.names(build), one.default(build), build)
            choices[name] = None if value == one.everything else value
            if choices[name] and title(build, name, value) != value:
                written[name] = title(build, name, value)
    return View(period, Display.from_environment(), choices, written)


def title(build: Build, name: str, value: str) -> str:
    """How an option is shown."""
    return data.products.brand_titles(build).get(value, value) if name == "brand" else value


def follow_address(page: Page) -> None:
    """Take what is chosen on a page from the address, unless we know it.

    A run that a click has stopped half way has written no address, and a click may come with the
    address before: what was clicked holds then.
    """
    asked = {name: st.query_params.get_all(name) for name in st.query_params}
    path, known = st.session_state.get("known", (None, {}))
    acted = st.session_state.pop("acted", False)
    st.session_state["known"] = (page.path, asked)
    if path != page.path or (asked != known and not acted):
        forget("part", *NAMES)
        held_values().update({name: asked[name] for name in ("part", *NAMES) if name in asked})


def missed() -> list[str]:
    """What this run was asked to show and can't, in words."""
    return st.session_state.setdefault("missed", [])


def forget(*names: str) -> None:
    """Set these to their defaults."""
    for name in names:
        held_values().pop(name, None)
        st.session_state.pop(name, None)


def held_values() -> Values:
    """What was chosen so far on any page, by filter."""
    return st.session_state.setdefault("held", {})


def parameters(part: Part) -> list[str]:
    """The parameters of a part in the address."""
    return [*part.filters, *(["dates"] if "period" in part.filters else [])]


def one_of(name: str, names: list[str], default: str) -> str:
    """The chosen one of these names, put into the widget; what is none of them counts as none."""
    if st.session_state.get(name) not in names:
        asked = held_values().get(name, [""])[0]
        if asked and asked not in names:
            missed().append(f"“{short(asked)}” is not in this build; shown: {default}.")
        st.session_state[name] = asked if asked in names else default
    value = st.session_state[name]
    keep(name, [value], default=[value] == [default])
    return value


def keep(name: str, values: list[str], default: bool) -> None:
    """Keep what is chosen, unless it is the default."""
    held_values()[name] = values
    if default:
        del held_values()[name]


def select(words: str, name: str, names: list[str], default: str, build: Build) -> str:
    """A select box."""
    value = one_of(name, names, default)
    shown = {each: title(build, name, each) for each in names}
    st.selectbox(words, names, key=name, on_change=act, width=180, format_func=shown.get)
    return value


def type_in(one: Filter, name: str) -> str:
    """A box to type into; what is no number counts as none where one is asked for."""
    asked = str(st.session_state.get(name) or held_values().get(name, [""])[0])[:TYPED]
    if one.typed == "number":
        number = int(asked) if asked.isascii() and asked.isdigit() else 1
        st.session_state[name] = max(number, 1)
        st.number_input(one.words, min_value=1, key=name, on_change=act, width=120)
        keep(name, [str(st.session_state[name])], default=number <= 1)
        return str(st.session_state[name])
    st.session_state[name] = asked
    st.text_input(one.words, key=name, on_change=act, width=180, max_chars=TYPED)
    keep(name, [asked], default=not asked)
    return asked


def choose_period(build: Build) -> Period:
    """Show the filter of dates and give the period."""
    stored = stored_periods(build)
    default = default_period(stored)
    words = select("Dates", "period", [*stored, OTHER_DATES], default.words, build)
    if words != OTHER_DATES:
        held_values().pop("dates", None)
        return stored[words]
    whole = next(iter(stored.values()))
    if "dates" not in st.session_state:
        asked = held_values().get("dates", [])
        within = st.session_state["dates"] = dates_within(asked, whole)
        if asked and set(asked) != {each.isoformat() for each in within}:
            words = " – ".join(map(short, asked[:2]))
            missed().append(f"“{words}” is not in the data; shown: {span(*within)}.")
    dates = st.date_input(
        "From – to",
        min_value=whole.first,
        max_value=whole.last,
        key="dates",
        on_change=act,
        format="YYYY-MM-DD",
        width=230,
    )
    dates = dates or (whole.first, whole.last)
    keep("dates", [each.isoformat() for each in dates], default=False)
    return period_of(dates[0], dates[-1], stored)


def address_of(page: Page, part: Part) -> Values:
    """The parameters that show a part of a page with all that is chosen, so that what the part
    can't apply holds again where it can be."""
    values = {} if part is page.parts[0] else {"part": [part.name]}
    return values | held_choices()


def held_choices() -> Values:
    """All that is chosen, on any page, in one order."""
    held = held_values()
    return {name: held[name] for name in NAMES if name in held}


def not_applied(part: Part, build: Build) -> dict[str, str]:
    """What is chosen that narrows other pages and that this part can't apply, in words by filter;
    what the build does not have is forgotten."""
    others = [name for name in held_choices() if name not in parameters(part)]
    for name in others:
        if not is_held(name, build):
            if name in NARROWING and held_choices()[name][0]:
                asked = short(held_choices()[name][0])
                missed().append(f"“{asked}” is not in this build, so it is ignored.")
            forget(name)
    held = held_choices()
    narrow = [name for name in others if name in held and name in NARROWING]
    said = {name: title(build, name, held[name][0]) for name in narrow}
    if said.get("period") == OTHER_DATES:
        whole = stored_periods(build)[EVERYTHING]
        said["period"] = span(*dates_within(held.get("dates", []), whole))
    return said


def is_held(name: str, build: Build) -> bool:
    """Whether what is chosen is an option of the build; true where its mart can't be asked."""
    held = held_choices()
    try:
        if name == "dates":
            return held.get("period") == [OTHER_DATES]
        if name == "period":
            return held[name][0] in [*stored_periods(build), OTHER_DATES]
        return bool(FILTERS[name].typed) or held[name][0] in FILTERS[name].names(build)
    except data.MissingMart:
        return True


def write_address(page: Page, part: Part) -> None:
    """Write into the address what differs from the defaults, in one step."""
    values = address_of(page, part)
    asked = {name: st.query_params.get_all(name) for name in st.query_params}
    if asked != values:
        st.query_params.from_dict(values)
    st.session_state["known"] = (page.path, values)


def act() -> None:
    """Note that this run comes of a click on a filter, not of an address."""
    st.session_state["acted"] = True


def reset() -> None:
    """Set all filters to their defaults, also those that are not applied here."""
    act()
    forget(*NAMES)
