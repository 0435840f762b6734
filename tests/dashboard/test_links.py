"""Links keep what is chosen, and a page says what it can't apply; test_walk.py has a long walk."""

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.app import PAGES
from dashboard.blocks import WHOLE, with_whole
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


NARROW = {"period": "Week of 14 Oct 2019", "category": "electronics", "brand": "samsung"}
PARTS = [(page.path, part) for page in PAGES for part in page.parts]


@pytest.mark.parametrize(("path", "part"), PARTS, ids=[part.name for _, part in PARTS])
def test_each_title_names_the_filters_that_its_page_can_not_apply(shown, path, part):
    page = run(path, part=part.name, **NARROW)
    left = [name for name in NARROW if name not in (*part.filters, *part.foreign)]
    titles = [each.value.replace("\\", "") for each in page.header]
    titles += [each.label.replace("\\", "") for each in page.metric]
    assert all(WHOLE[name] in title for name in left for title in titles)


@pytest.mark.parametrize(
    ("title", "marked"),
    [
        ("Carts", "Carts (all dates, all brands)"),
        ("Carts (%)", "Carts (%) (all dates, all brands)"),
        ("Carts (all segments)", "Carts (all segments, all dates, all brands)"),
        ("Carts (all dates)", "Carts (all dates, all brands)"),
    ],
)
def test_a_title_has_one_bracket_of_what_it_does_not_apply(title, marked):
    assert with_whole(title, ("period", "brand")) == marked


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
