"""Pairs together are those more frequent than by chance; those less frequent are asked for."""

import pytest

from dashboard.blocks import View
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
