"""The dashboard: all pages, declared once. Run it with `shopstream dashboard`."""

from pathlib import Path
from time import sleep

import streamlit as st

from dashboard.blocks import Page
from dashboard.browser import show
from dashboard.screens import overview, performance, products, quality, time, users

PAGES = (
    overview.PAGE,
    products.PAGE,
    users.PAGE,
    time.PAGE,
    quality.PAGE,
    performance.PAGE,
)


def main() -> None:
    """Show the page that the address names, once the browser has its styles."""
    st.set_page_config(layout="wide")
    links: dict[str, object] = {}

    def shower(page: Page):
        return lambda: show(page, PAGES, links)

    for page in PAGES:
        links[page.path] = st.Page(
            shower(page),
            title=f"{page.title} · shopstream",
            url_path=page.path,
            default=page is PAGES[0],
        )
    page = st.navigation(list(links.values()), position="hidden")
    # The browser has to know its page before it answers: it would ask for the first one.
    if has_styles():
        page.run()


def has_styles() -> bool:
    """Send the styles, and give whether they have arrived; when they have, this runs again."""
    there = st.session_state.get("styled", False)
    if not there:
        # Together with the wide layout, the browser draws the wait for it in the narrow one.
        sleep(0.05)
    sent = styles()(
        key="style",
        data={"css": Path(__file__).with_name("style.css").read_text(), "there": there},
        on_there_change=lambda: None,
    )
    st.session_state["styled"] = there or bool(sent.there)
    return st.session_state["styled"]


@st.cache_resource(show_spinner=False)
def styles():
    """The component that puts styles into the page, as style.js does it."""
    js = Path(__file__).with_name("style.js").read_text()
    return st.components.v2.component("shopstream_style", html="<i></i>", js=js)


if __name__ == "__main__":
    main()
