"""A page in the browser: links to the others, which build it is, its part, filters and blocks."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from dashboard import data
from dashboard.blocks import Page, Part, View
from dashboard.data import Build
from dashboard.draw import BUTTON_STYLE, draw
from dashboard.filters import (
    act,
    address_of,
    choose,
    choose_part,
    held_choices,
    missed,
    not_applied,
    reset,
    write_address,
)
from dashboard.periods import OTHER_DATES, PRESETS, Period
from dashboard.report import report
from dashboard.saved import saved_views
from dashboard.sections import blocks, freshness, instead, notes
from dashboard.words import plain, short
from shopstream.config import Settings

# How a button looks that stands alone.
FRAMED = """button {
  padding: 0 0.75rem;
  border: 1px solid var(--st-border-color);
  border-radius: var(--st-button-radius);
}"""
# The parameter that names a saved view.
SAVED = "view"


def show(page: Page, pages: tuple[Page, ...], links: dict[str, object]) -> None:
    """Show a page; `links` are Streamlit's pages by path, for links to them."""
    open_saved(links)
    head = reserved("pages")
    try:
        build, part, view = show_head(page, pages, links)
        definitions = data.activity.definitions(build)
    except Exception as error:
        draw(instead(error, page.title, "Other pages may hold; see the log."), links, {})
        return
    finally:
        with head:
            link_pages(pages, links)
    for note in notes(build):
        draw(note, links, definitions)
    for row in part.rows:
        places = st.columns(len(row), gap="medium") if len(row) > 1 else [st.container()]
        for section, place in zip(row, places, strict=True):
            with place:
                for block in blocks(section, build, view):
                    draw(block, links, definitions)


def open_saved(links: dict[str, object]) -> None:
    """Go to the saved view that the address names; a name that is none is told by choose_view."""
    if SAVED not in st.query_params or not links:
        return
    if found := saved_views().get(st.query_params[SAVED]):
        path, parameters = found
        st.switch_page(linked(links, path), query_params=parameters)


def linked(links: dict[str, object], path: str) -> object:
    """Streamlit's page of a path; the first one for a path that is none."""
    return links.get(path) or next(iter(links.values()))


def reserved(key: str):
    """A row that has its place from the start: an empty one is not drawn at all, and what comes
    into it later would push the page down."""
    row = st.container(horizontal=True, vertical_alignment="center", key=key)
    row.html('<i class="place"></i>')
    return row


def show_head(
    page: Page, pages: tuple[Page, ...], links: dict[str, object]
) -> tuple[Build, Part, View]:
    """Show what stands above the charts: which build, the question, the filters."""
    trust = reserved("trust")
    with st.container(horizontal=True, vertical_alignment="center", key="title"):
        title = st.container()
        part = choose_part(page)
        title.title(part.question, anchor=False)
    build = data.read_build(Settings.from_environment().warehouse)
    with trust, st.container(key="build"):
        st.caption(freshness(build))
    view = choose_view(page, part, build)
    with trust, st.popover("Share", type="tertiary", icon=":material/share:"):
        share(pages, build, view)
        link_saved(links)
    return build, part, view


def choose_view(page: Page, part: Part, build: Build) -> View:
    """Show the filters and what undoes them in one row, and write what is chosen. A phone has them
    behind a button, which says how many are set."""
    folded = reserved("folded")
    unfolded = "open" if st.session_state.get("unfolded") else "shut"
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"filters_{unfolded}"):
        if SAVED in st.query_params:
            name = short(st.query_params[SAVED])
            missed().append(f"“{name}” is no saved view; shown: {page.title}.")
        view = choose(part, build)
        left = not_applied(part, build)
        if part.filters or left:
            icon = ":material/undo:"
            st.button("Reset", on_click=reset, type="tertiary", icon=icon)
    if part.filters or left:
        count = len(set(held_choices()) - {"dates"})
        words = f"Filters · {count} set" if count else "Filters"
        icon = ":material/tune:"
        folded.button(words, key="fold", on_click=fold, icon=icon, width="stretch")
    for words in missed():
        st.warning(plain(words), icon=":material/link_off:")
    if left:
        st.caption(plain(f"Not applied here: {', '.join(left.values())}."))
    write_address(page, part)
    return replace(view, left=tuple(name for name in left if name not in part.foreign))


@st.cache_resource(show_spinner=False)
def copier():
    """The button that copies a link, as copy.js does it."""
    return st.components.v2.component(
        "shopstream_copy",
        html="<button>Copy link</button>",
        css=f"{BUTTON_STYLE} {FRAMED}",
        js=Path(__file__).with_name("copy.js").read_text(),
    )


def link_saved(links: dict[str, object]) -> None:
    """Links to the saved views."""
    views = saved_views() if links else {}
    if views:
        st.caption("Saved views:")
    for name, (path, parameters) in views.items():
        st.page_link(linked(links, path), label=plain(name), query_params=parameters)


def fold() -> None:
    """Show the filters on a phone, or put them away."""
    act()
    st.session_state["unfolded"] = not st.session_state.get("unfolded", False)


def link_pages(pages: tuple[Page, ...], links: dict[str, object]) -> None:
    """Links to the first part of each page, which keep what is chosen."""
    for page in pages if links else ():
        chosen = address_of(page, page.parts[0])
        st.page_link(links[page.path], label=page.title, query_params=chosen)


def named_dates(period: Period, asked: list[str]) -> dict[str, list[str]]:
    """Parameters that name the same dates, also of a period that moves on with the data."""
    if set(asked) & set(PRESETS):
        dates = [period.first.isoformat(), period.last.isoformat()]
        return {"period": [OTHER_DATES], "dates": dates}
    return {"period": [period.words]}


def share(pages: tuple[Page, ...], build: Build, view: View) -> None:
    """The link to this view, and the report of all pages as one file."""
    chosen = {key: st.query_params.get_all(key) for key in st.query_params}
    if view.period and "dates" not in chosen:
        # Left out, or by a name that moves on, it would be others after the next build.
        chosen |= named_dates(view.period, chosen.get("period", []))
    link = (st.context.url or "").split("?")[0]
    link += f"?{urlencode(chosen, doseq=True)}" if chosen else ""
    st.caption("This link shows the same view:")
    copier()(key="copy", data={"link": link})
    st.code(link, language=None, wrap_lines=True)
    st.download_button(
        "Report of all pages",
        data=lambda: report(pages, build),
        file_name=f"shopstream-build-{build.build_id}.html",
        mime="text/html",
        on_click="ignore",
        icon=":material/description:",
    )
