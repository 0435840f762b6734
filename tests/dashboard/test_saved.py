"""Views are saved under a name in a CSV, and opened by that name in the address."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard.saved import saved_views
from tests.dashboard.test_missed import said
from tests.dashboard.test_walk import SCRIPT

VIEWS = """name,link
Samsung week,http://127.0.0.1:8501/products?part=Prices&brand=samsung&period=Week+of+14+Oct+2019
<b>home</b>,/
elsewhere,https://evil.example/products?brand=apple&view=elsewhere&embed=true
broken,http://[x
no link,
"""


@pytest.fixture
def saved(tmp_path, monkeypatch):
    """A file with saved views."""
    file = tmp_path / "views.csv"
    file.write_text(VIEWS)
    monkeypatch.setenv("SHOPSTREAM_VIEWS", str(file))
    return file


def opened(**parameters) -> AppTest:
    """The Overview of an address, with links to the other pages."""
    page = AppTest.from_string(SCRIPT, default_timeout=60)
    page.session_state["path"] = "overview"
    page.query_params.update(parameters)
    page.run()
    assert not page.exception
    return page


def test_of_a_link_only_the_page_and_its_filters_are_taken(saved):
    found = saved_views()
    assert list(found) == ["Samsung week", "<b>home</b>", "elsewhere"]
    assert found["Samsung week"] == (
        "products",
        {"part": ["Prices"], "period": ["Week of 14 Oct 2019"], "brand": ["samsung"]},
    )
    assert found["<b>home</b>"] == ("", {})
    # Neither its host, nor what would open it again and again.
    assert found["elsewhere"] == ("products", {"brand": ["apple"]})


def test_saved_views_are_listed_and_opened_by_their_name(shown, saved, monkeypatch):
    links, gone = [], []
    monkeypatch.setattr(st, "page_link", lambda path, **said: links.append((path, said)))

    def switch_page(path, query_params):
        gone.append((path, query_params))
        st.stop()

    monkeypatch.setattr(st, "switch_page", switch_page)
    opened()
    listed = [said["label"] for path, said in links if path == "products"]
    assert "Samsung week" in listed
    # A name is shown, not run.
    assert not any("<b>" in said["label"] for _, said in links)
    opened(view="Samsung week")
    assert gone == [("products", saved_views()["Samsung week"][1])]


def test_a_name_that_is_none_is_told(shown, saved, monkeypatch):
    monkeypatch.setattr(st, "page_link", lambda *_, **__: None)
    page = opened(view="<i>gone</i>")
    assert said(page) == ["“<i>gone</i>” is no saved view; shown: Overview."]
    assert "view" not in page.query_params
