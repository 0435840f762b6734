"""Why revenue changed: the parts add up, equal the mart's, and a sentence says them."""

import itertools
import math
import random
from dataclasses import replace

import pandas as pd
import pytest

from dashboard import why
from dashboard.filters import default_view
from dashboard.periods import stored_periods
from dashboard.screens.overview import changes, now
from shopstream.people.query import connect

NAMES = ("users", "sessions", "orders", "revenue")


def of_week(build, **choices):
    """The Overview of one week, compared with the week before."""
    view = default_view(now.PART, build)
    period = stored_periods(build)["Week of 14 Oct 2019"]
    return replace(view, period=period, choices=view.choices | choices)


@pytest.mark.parametrize("seed", range(20))
def test_the_parts_add_up_to_the_change(seed):
    dice = random.Random(seed)
    now, then = ({name: dice.uniform(1, 1e6) for name in NAMES} for _ in range(2))
    parts = why.split(now, then)
    assert math.fsum(parts["change"]) == pytest.approx(now["revenue"] - then["revenue"], rel=1e-9)
    assert math.fsum(parts["points"]) == pytest.approx(
        100 * (now["revenue"] / then["revenue"] - 1), rel=1e-9
    )


def test_a_factor_that_alone_moves_has_all_of_the_change():
    then = {"users": 10, "sessions": 20, "orders": 4, "revenue": 100.0}
    now = {"users": 20, "sessions": 40, "orders": 8, "revenue": 200.0}
    assert why.split(now, then)["change"].tolist() == pytest.approx([100, 0, 0, 0])
    assert why.split(then, then)["change"].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_split_where_a_factor_is_nothing(name):
    then = dict.fromkeys(NAMES, 10)
    assert why.split(then | {name: 0}, then) is None
    assert why.split(then, then | {name: 0}) is None


def test_the_split_of_a_stored_period_is_that_of_the_mart(shown, warehouse):
    (chart,) = changes.factors(shown, of_week(shown))
    sql = """select from_visitors, from_visits, from_conversion, from_order_value
        from revenue_drivers where period_type = 'week' and period_start = '2019-10-14'"""
    expected = connect(warehouse, sql).execute(sql).fetchone()
    assert chart.rows["change"].tolist() == pytest.approx(list(expected), abs=1e-5)
    assert list(chart.figure.data[0].x) == chart.rows["change"].tolist()
    largest = chart.rows.loc[chart.rows["points"].abs().idxmax()]
    change = f"{largest.change:+,.0f}".replace("+", "+$").replace("-", "-$")
    assert f"): {largest.factor} {change}, " in chart.title
    # Points of revenue beside a rate read as points of the rate.
    assert " pt" not in chart.title


def test_who_gained_and_lost_is_computed_per_kind(shown, warehouse):
    (table,) = changes.movers(shown, of_week(shown))
    sql = """select coalesce(sum(revenue) filter (event_date >= '2019-10-14'), 0)
            - coalesce(sum(revenue) filter (event_date < '2019-10-14'), 0) as change
        from daily_categories_brands where event_date between '2019-10-07' and '2019-10-20'
        group by brand order by abs(change) desc limit 3"""
    expected = [float(each) for (each,) in connect(warehouse, sql).execute(sql).fetchall()]
    of_brands = table.rows[table.rows["kind"] == "brand"]
    assert of_brands["change"].tolist() == pytest.approx(expected)
    assert set(table.rows["kind"]) == {"brand", "product", "category", "segment"}


def test_the_products_that_gained_and_lost_most_are_named(shown, warehouse):
    (table,) = changes.movers(shown, of_week(shown))
    sql = """select product_id::varchar,
            coalesce(sum(revenue) filter (event_date >= '2019-10-14'), 0)
            - coalesce(sum(revenue) filter (event_date < '2019-10-14'), 0) as change
        from daily_products where event_date between '2019-10-07' and '2019-10-20'
        group by 1 order by abs(change) desc limit 3"""
    expected = connect(warehouse, sql).execute(sql).fetchall()
    of_products = table.rows[table.rows["kind"] == "product"]
    assert [name.split()[-1] for name in of_products["name"]] == [name for name, _ in expected]
    assert of_products["change"].tolist() == pytest.approx([float(each) for _, each in expected])


def test_names_of_one_side_only_count_as_nothing_on_the_other():
    now = pd.DataFrame({"name": ["a", "b"], "revenue": [5.0, 1.0]})
    then = pd.DataFrame({"name": ["b", "c"], "revenue": [2.0, 30.0]})
    found = why.movers(now, then, "name")
    assert found["name"].tolist() == ["c", "a", "b"]
    assert found["change"].tolist() == [-30, 5, -1]


def test_filters_that_the_split_ignores_are_named(shown):
    view = of_week(shown, brand="apple")
    blocks = itertools.chain(changes.factors(shown, view), changes.movers(shown, view))
    assert all("(all brands)" in block.title for block in blocks)


def test_nothing_is_told_where_nothing_is_compared(shown):
    view = of_week(shown, compare="nothing")
    assert list(changes.factors(shown, view)) == list(changes.movers(shown, view)) == []
