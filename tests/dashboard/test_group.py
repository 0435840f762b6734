"""One brand or category has a page: trend, price, carts, what is bought with it."""

from dataclasses import replace

import pytest

from dashboard import data, words
from dashboard.blocks import Chart, Table
from dashboard.filters import default_view
from dashboard.periods import stored_periods
from dashboard.screens.products import group
from dashboard.sections import blocks
from shopstream.people.query import connect
from tests.dashboard.test_pages import ask, metrics, run

WEEK = "Week of 14 Oct 2019"
DATES = "between '2019-10-14' and '2019-10-20'"


def view_of(build, period: str = WEEK, **choices):
    """The page of a brand or category."""
    view = default_view(group.PART, build)
    return replace(view, period=stored_periods(build)[period], choices=view.choices | choices)


def drawn(build, view) -> dict[str, Chart | Table]:
    """Its charts and tables by title."""
    made = (block for section in group.PART.sections for block in blocks(section, build, view))
    return {block.title: block for block in made if isinstance(block, Chart | Table)}


def test_a_brand_has_trend_price_products_carts_and_pairs(shown):
    assert list(drawn(shown, view_of(shown, brand="samsung"))) == [
        "Revenue by day",
        "Average price by day",
        "Top products by revenue",
        "Value of abandoned carts",
        "What became of carts",
        "Bought together (all dates)",
    ]
    assert drawn(shown, view_of(shown)) == {}


def test_cards_of_a_brand_within_a_category_are_those_of_both(shown, warehouse):
    revenue, purchases = ask(
        warehouse,
        f"""select sum(revenue), sum(total_purchases) from daily_categories_brands
        where event_date {DATES} and brand = 'samsung' and category_code like 'electronics.%'""",
    )
    page = run(
        "products", part="Brand or category", period=WEEK, brand="samsung", category="electronics"
    )
    assert metrics(page)["Revenue"] == words.number(float(revenue), "$")
    assert metrics(page)["Purchases"] == words.number(float(purchases))


PRICES = f"""
    select event_date,
        (sum(total_price) / sum(total_events - zero_price_events))::double as looked_at,
        (sum(revenue) / nullif(sum(total_units), 0))::double as paid
    from daily_categories_brands where event_date {DATES} and brand = 'samsung'
    group by 1 order by 1
"""


def test_prices_of_a_brand_are_averages_of_a_day(shown, warehouse):
    expected = connect(warehouse, PRICES).execute(PRICES).df()
    chart = drawn(shown, view_of(shown, brand="samsung"))["Average price by day"]
    assert list(chart.figure.data[0].y) == pytest.approx(expected["looked_at"].tolist())
    assert list(chart.figure.data[1].y) == pytest.approx(expected["paid"].tolist(), nan_ok=True)


@pytest.mark.parametrize("chosen", [{"brand": "samsung"}, {"category": "electronics"}])
def test_of_two_products_bought_together_one_is_of_the_brand_or_category(shown, warehouse, chosen):
    ((name, value),) = chosen.items()
    column = {"brand": "brand", "category": "category_code"}[name]
    sql = f"""select product_id::varchar from dim_products
        where {column} = '{value}' or {column} like '{value}.%'"""
    own = {item for (item,) in connect(warehouse, sql).execute(sql).fetchall()}
    rows = data.explorer.pairs_of(shown, chosen.get("category"), chosen.get("brand"))
    assert len(rows)
    assert (rows["lift"] > 1).all()
    for pair in rows.itertuples():
        assert {pair.label_a.split()[-1], pair.label_b.split()[-1]} & own


def test_carts_of_a_brand_are_those_of_its_products(shown, warehouse):
    everything, of_brand = (
        data.products.carts(shown, *data.activity.whole(shown), None, brand)["carted"].sum()
        for brand in (None, "samsung")
    )
    assert 0 < of_brand < everything
    brands = data.products.brand_names(shown)
    parts = [
        data.products.carts(shown, *data.activity.whole(shown), None, brand)["carted"].sum()
        for brand in brands
    ]
    assert sum(parts) == everything


def test_another_week_changes_every_figure_that_does_not_say_all_dates(shown):
    one = drawn(shown, view_of(shown, brand="samsung"))
    other = drawn(shown, view_of(shown, "Week of 7 Oct 2019", brand="samsung"))
    for title, block in one.items():
        same = block.rows.astype(str).equals(other[title].rows.astype(str))
        assert same == ("(all dates)" in title), title
