"""Links keep what is chosen, and a page says what it can't apply; test_walk.py has a long walk."""

from streamlit.testing.v1 import AppTest

from dashboard.app import PAGES
from dashboard.filters import FILTERS
from dashboard.periods import OTHER_DATES
from tests.dashboard.test_pages import run


def one(value) -> str:
    """One value of a parameter, as it is given or in a list."""
    return value[0] if isinstance(value, list) else value


def captions(page: AppTest) -> list[str]:
    """The grey lines, as they are read."""
    return [each.value.replace("\\", "") for each in page.caption]


def test_a_filter_that_a_page_can_not_apply_is_kept_and_named(shown):
    page = run("users", period="Week of 14 Oct 2019", brand="samsung", grain="week")
    assert one(page.query_params["brand"]) == "samsung"
    said = [words for words in captions(page) if "Not applied here" in words]
    assert said == ["Not applied here: Week of 14 Oct 2019, Samsung."]
    next(each for each in page.button if each.label == "Reset").click().run()
    assert page.query_params == {}


def test_dates_that_a_page_can_not_apply_are_named(shown):
    page = run("users", period=OTHER_DATES, dates=["2019-10-03", "2019-10-09"])
    assert page.query_params["dates"] == ["2019-10-03", "2019-10-09"]
    assert "Not applied here: 3 Oct 2019 – 9 Oct 2019." in captions(page)


def test_what_the_build_does_not_have_is_not_carried_on(shown):
    page = run("users", brand="no such brand", period="Week of 1 Jan 1900")
    assert page.query_params == {}


def test_every_filter_is_known_to_the_address():
    used = {name for page in PAGES for part in page.parts for name in part.filters}
    assert used == {"period", *FILTERS}
