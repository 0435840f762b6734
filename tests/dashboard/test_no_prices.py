"""Where no event has a price, no page shows an amount, and each says why."""

import pandas as pd
import pytest

from dashboard import data, money
from dashboard.blocks import Card, Cards, Display, Table, View, sign_of
from dashboard.filters import FILTERS
from dashboard.screens.overview import changes, now
from dashboard.screens.products import sellers
from dashboard.sections import blocks, notes
from dashboard.words import with_sign
from tests.helpers.made import made

AMOUNT = Card("Revenue", "$0", of_money=True)
COUNT = Card("Orders", "7")


def build_of(folder, **columns):
    return made(folder, data_coverage=pd.DataFrame({"dates_delivered": [1], **columns}))


@pytest.fixture
def unpriced(tmp_path):
    return build_of(tmp_path, has_prices=[False])


@pytest.fixture
def priced(tmp_path):
    return build_of(tmp_path, has_prices=[True])


def cards(build, view):
    yield Cards((AMOUNT, COUNT))


def listed(build, view):
    yield Table("", pd.DataFrame(), "", ("name", "purchases", "revenue", "change"))
    yield Table("", pd.DataFrame(), "", ("label", "change"))


def test_cards_and_columns_of_money_are_left_out(unpriced):
    assert blocks(cards, unpriced, View()) == [Cards((COUNT,))]
    of_revenue, of_others = blocks(listed, unpriced, View())
    assert of_revenue.columns == ("name", "purchases")
    assert of_others.columns == ("label", "change"), "no change of revenue"


def test_nothing_is_left_out_where_an_event_has_a_price(priced):
    assert blocks(cards, priced, View()) == [Cards((AMOUNT, COUNT))]
    assert blocks(listed, priced, View())[0].columns[-2:] == ("revenue", "change")
    assert notes(priced) == []
    assert FILTERS["measure"].default(priced) == "revenue"


@pytest.mark.parametrize("section", [now.revenue, changes.factors, sellers.top_products])
def test_sections_about_money_alone_are_left_out(unpriced, section):
    assert blocks(section, unpriced, View()) == []


def test_no_filter_offers_amounts(unpriced):
    for name in ("measure", "judged", "sort"):
        assert not {"revenue", "change"} & set(FILTERS[name].names(unpriced)), name
    assert FILTERS["measure"].default(unpriced) == "purchases"


def test_every_page_says_why(unpriced):
    assert notes(unpriced) == [money.NOTE]


@pytest.mark.parametrize("columns", [{}, {"has_prices": [None]}], ids=["older", "no events"])
def test_a_build_that_does_not_say_has_prices(tmp_path, columns):
    assert data.quality.has_prices(build_of(tmp_path, **columns))


def test_a_build_without_the_mart_has_prices(tmp_path):
    assert data.quality.has_prices(made(tmp_path, other=pd.DataFrame({"n": [1]})))


def test_a_currency_is_shown_by_its_sign_or_its_letters(monkeypatch):
    monkeypatch.delenv("SHOPSTREAM_CURRENCY", raising=False)
    assert Display.from_environment().sign == "$"
    assert [sign_of(code) for code in ("eur", "GBP", "PLN")] == ["€", "£", "PLN "]
    assert with_sign("revenue", "PLN ") == "revenue (PLN)"
    monkeypatch.setenv("SHOPSTREAM_CURRENCY", "Fr. ")
    assert Display.from_environment().sign == "Fr. "
