"""Links between pages keep what is chosen: random walks, and what a page says it can't apply."""

import random

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard import words
from dashboard.app import PAGES
from dashboard.filters import FILTERS
from dashboard.periods import OTHER_DATES, default_period, stored_periods
from tests.dashboard.test_pages import ask, metrics, run

STEPS = 20
SCRIPT = """
import streamlit as st
from dashboard.app import PAGES
from dashboard.browser import show
links = {page.path: page.path for page in PAGES}
show(next(page for page in PAGES if page.path == st.session_state["path"]), PAGES, links)
"""


class Walker:
    """A reader who clicks links and filters; `chosen` is what an address should then hold."""

    def __init__(self, build, monkeypatch, seed: int):
        self.build, self.dice, self.chosen, self.links = build, random.Random(seed), {}, []
        monkeypatch.setattr(
            st, "page_link", lambda path, query_params, **_: self.links.append((path, query_params))
        )
        self.page = AppTest.from_string(SCRIPT, default_timeout=60)
        self.go("overview", {})

    def go(self, path: str, parameters: dict) -> None:
        """Open an address, as a click on a link does."""
        self.page.session_state["path"] = path
        self.page.query_params.clear()
        self.page.query_params.update(parameters)
        self.run()

    def run(self) -> None:
        """Run the page; what it links to is noted."""
        self.links.clear()
        self.page.run()
        assert not self.page.exception

    def step(self) -> None:
        """Follow a link, open another part, or choose something."""
        boxes = [box for box in self.page.selectbox if box.key in ("period", *FILTERS)]
        dice = self.dice.random()
        if dice < 0.5 or not boxes:
            path, parameters = self.dice.choice(self.links)
            # A finding also sets what its chart needs; what a link leaves out still holds.
            for name in set(parameters) - {"part"}:
                self.note(name, one(parameters[name]))
            self.go(path, parameters)
        elif dice < 0.65 and self.page.segmented_control:
            control = self.page.segmented_control(key="part")
            control.set_value(self.dice.choice(control.options))
            self.run()
        else:
            self.choose(self.dice.choice(boxes))

    def choose(self, box, value: str = "") -> None:
        """Choose a value of a box: any but other dates where none is named."""
        value = value or self.dice.choice([each for each in box.options if each != OTHER_DATES])
        self.note(box.key, value)
        box.set_value(value)
        self.run()

    def note(self, name: str, value: str) -> None:
        """Note what is chosen now; the address leaves defaults out."""
        default = (
            default_period(stored_periods(self.build)).words
            if name == "period"
            else FILTERS[name].default
        )
        self.chosen.pop(name, None)
        if value != default:
            self.chosen[name] = value

    def address(self) -> dict[str, str]:
        """What the address holds but the part of the page."""
        held = {name: one(value) for name, value in self.page.query_params.items()}
        return {name: value for name, value in held.items() if name != "part"}


def one(value) -> str:
    """One value of a parameter, as it is given or in a list."""
    return value[0] if isinstance(value, list) else value


def captions(page: AppTest) -> list[str]:
    """The grey lines, as they are read."""
    return [each.value.replace("\\", "") for each in page.caption]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_walk_over_links_keeps_what_is_chosen(shown, warehouse, monkeypatch, seed):
    """After each click the address holds all that was chosen, and the revenue is that of it."""
    walker = Walker(shown, monkeypatch, seed)
    walker.choose(walker.page.selectbox(key="period"), "Week of 14 Oct 2019")
    for step in range(STEPS):
        walker.step()
        if step == STEPS - 1:
            walker.go(*next(link for link in walker.links if link[0] == "overview"))
        assert walker.address() == walker.chosen
        if revenue_shown(walker.page):
            stored = stored_periods(shown)
            period = stored[walker.chosen.get("period") or default_period(stored).words]
            expected = words.number(revenue_of(warehouse, period, walker.chosen), "$")
            assert revenue_shown(walker.page) == expected
    assert revenue_shown(walker.page)


def revenue_shown(page: AppTest) -> str | None:
    """The revenue on a page's cards, by whatever name; None where it has none."""
    named = (value for name, value in metrics(page).items() if name.startswith("Revenue"))
    return next(named, None)


def revenue_of(warehouse, period, chosen: dict[str, str]) -> float:
    """The revenue of these dates and filters, computed anew: those of products win."""
    narrow = [f"brand = '{chosen['brand']}'"] if "brand" in chosen else []
    if "category" in chosen:
        category = chosen["category"]
        narrow.append(f"(category_code = '{category}' or category_code like '{category}.%')")
    if narrow:
        sql, day = "select sum(revenue) from daily_categories_brands where true", "event_date"
    elif "segment" in chosen:
        narrow, day = [f"user_segment = '{chosen['segment']}'"], "session_date"
        sql = "select sum(s.total_spent) from dim_sessions as s join dim_users using (user_id)"
        sql += " where true"
    else:
        sql, day = "select sum(price) from fct_events where event_type = 'purchase'", "event_date"
    narrow.append(f"{day} between '{period.first}' and '{period.last}'")
    return float(ask(warehouse, " and ".join([sql, *narrow]))[0] or 0)


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
