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
    """Show the page that the address names."""
    st.set_page_config(layout="wide")
    st.html(Path(__file__).with_name("style.css"))
    if "styled" not in st.session_state:
        # What a browser draws together with the styles, it draws without them first.
        st.session_state["styled"] = True
        sleep(0.25)
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
    st.navigation(list(links.values()), position="hidden").run()


if __name__ == "__main__":
    main()
