"""Pairs together are those more frequent than by chance; those less frequent are asked for."""

import pytest

from dashboard import data
from dashboard.blocks import Empty, View
from dashboard.periods import stored_periods
from dashboard.screens.products import baskets
from shopstream.people.query import connect

PAIRS = """
    select count(*) from product_affinity
    where item_type = 'category' and basket_type = 'bought' and lift {} 1
"""


@pytest.mark.parametrize(("bond", "sign"), [("together", ">"), ("apart", "<")])
def test_pairs_are_on_the_side_of_chance_that_is_asked_for(shown, warehouse, bond, sign):
    sql = PAIRS.format(sign)
    (expected,) = connect(warehouse, sql).execute(sql).fetchone()
    choices = {"pairs": "categories bought", "bond": bond}
    (table,) = baskets.affinity(shown, View(stored_periods(shown)["All dates"], choices=choices))
    lifts = table.rows["lift"]
    assert len(lifts) == min(expected, 100) > 0
    assert (lifts > 1).all() if bond == "together" else (lifts < 1).all()
    assert table.title == f"Categories bought {bond}"


@pytest.mark.parametrize("item", ["product", "category"])
def test_a_pair_is_named_as_the_mart_names_it(shown, warehouse, item):
    sql = f"""
        select label_a || if(item_type = 'product', ' ' || item_a, '') as a,
            label_b || if(item_type = 'product', ' ' || item_b, '') as b
        from product_affinity
        where item_type = '{item}' and basket_type = 'viewed' and bond = 'together'
        order by baskets * abs(ln(lift)) desc, item_a, item_b limit 100
    """
    expected = connect(warehouse, sql).execute(sql).df()
    rows = data.products.affinity(shown, item, "viewed", apart=False)
    if item == "product":
        expected = data.products.with_titles(shown, expected, "a", "b")
    assert list(rows["label_a"]) == list(expected["a"]) != []
    assert list(rows["label_b"]) == list(expected["b"])


def test_products_of_a_pair_have_their_brand_as_it_is_shown(shown):
    choices = {"pairs": "products viewed", "bond": "together"}
    (table,) = baskets.affinity(shown, View(stored_periods(shown)["All dates"], choices=choices))
    assert table.rows["label_a"].str.startswith("Samsung electronics").any()
    assert not table.rows["label_a"].str.startswith("samsung").any()


def test_carts_that_may_still_be_bought_have_no_value_yet(shown, warehouse):
    sql = "select strftime(last_delivered_date - 7, '%-d %b %Y') from data_coverage"
    (until,) = connect(warehouse, sql).execute(sql).fetchone()
    (young,) = baskets.abandoned(shown, View(stored_periods(shown)["Last 7 days"]))
    assert young == Empty(
        "These carts may still be bought",
        f"A cart is left after 7 days: choose dates up to {until}.",
    )
    (some,) = baskets.abandoned(shown, View(stored_periods(shown)["All dates"]))
    assert f"carts after {until} may still be bought" in some.caption
    (old,) = baskets.abandoned(shown, View(stored_periods(shown)["Week of 14 Oct 2019"]))
    assert "may still be bought" not in old.caption
    assert old.rows["abandoned_value"].sum() > 0


def test_carts_that_may_still_be_left_are_in_no_share(shown, warehouse):
    """Of young carts only what was bought or removed is decided, so none of them looks left."""
    sql = """select split_part(category_code, '.', 1) as category,
            100 * sum(episodes) filter (outcome = 'abandoned')
                / sum(episodes) filter (outcome <> 'undecided') as share
        from cart_outcomes, data_coverage
        where {} group by 1"""
    old, all_ = sql.format("cart_date <= last_delivered_date - 7"), sql.format("true")
    of_old, of_all = (dict(connect(warehouse, q).execute(q).fetchall()) for q in (old, all_))
    everything = View(stored_periods(shown)["All dates"])
    (chart,) = baskets.abandoned(shown, everything)
    written = dict(zip(chart.rows["category"], chart.rows["of_decided"], strict=True))
    assert written == {category: f"{share:.0f} %" for category, share in of_old.items()}
    assert any(of_old[category] > share for category, share in of_all.items())
