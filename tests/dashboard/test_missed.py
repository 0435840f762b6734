"""A link that asks for what is not in the build says so, and what is shown instead."""

import pytest

from dashboard.periods import OTHER_DATES
from tests.dashboard.test_pages import run


def said(page) -> list[str]:
    """What a page says it can't show."""
    return [each.value.replace("\\", "") for each in page.warning]


@pytest.mark.parametrize(
    ("path", "asked", "words"),
    [
        ("overview", {"period": "January 1999"}, "“January 1999” is not in this build; shown: "),
        ("products", {"brand": "acme"}, "“acme” is not in this build; shown: All brands."),
        ("products", {"category": "x.y"}, "“x.y” is not in this build; shown: All categories."),
        ("users", {"brand": "acme"}, "“acme” is not in this build, so it is ignored."),
        (
            "overview",
            {"period": OTHER_DATES, "dates": ["1999-01-01", "2019-10-02"]},
            "“1999-01-01 – 2019-10-02” is not in the data; shown: 1 Oct 2019 – 2 Oct 2019.",
        ),
        ("products", {"brand": "<b>&"}, "“<b>&” is not in this build; shown: All brands."),
    ],
)
def test_what_is_not_in_the_build_is_named_with_what_is_shown(shown, path, asked, words):
    page = run(path, **asked)
    (found,) = said(page)
    assert found.startswith(words)
    assert said(page.run()) == []


def test_a_link_to_what_is_there_says_nothing(shown):
    assert said(run("products", brand="samsung", period="Week of 14 Oct 2019")) == []
    assert said(run("overview", period=OTHER_DATES, dates=["2019-10-03", "2019-10-09"])) == []
