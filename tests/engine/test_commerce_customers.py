"""The business marts about customers, products and trust, against an independent computation."""

from datetime import date, timedelta

import pytest

from shopstream.config import SAMPLE_MARK
from shopstream.sample import planted
from tests import oracle
from tests.helpers.warehouse import Warehouse
from tests.oracle.customers import CONTRACT_COLUMNS, KEYS, customer_marts

SAMPLE_EVENTS, SAMPLE_SEED = 250_000, 20191001  # the defaults of the sample


@pytest.fixture(scope="module")
def expected(daily):
    return customer_marts(daily.landing)


@pytest.fixture(scope="module")
def expected_of_real(real):
    return customer_marts(real.landing)


@pytest.mark.parametrize("mart", CONTRACT_COLUMNS)
def test_the_sample_gives_what_the_independent_computation_gives(daily, expected, mart):
    assert expected[mart].num_rows > 0
    found = oracle.differences(expected[mart], daily.table(mart), KEYS[mart], tolerance=1e-9)
    assert found is None


@pytest.mark.parametrize("mart", CONTRACT_COLUMNS)
def test_real_rows_give_what_the_independent_computation_gives(real, expected_of_real, mart):
    expected = expected_of_real[mart]
    found = oracle.differences(expected, real.table(mart), KEYS[mart], tolerance=1e-9)
    assert found is None


def rows(warehouse: Warehouse, mart: str) -> list[dict]:
    return warehouse.table(mart).to_pylist()


def test_planted_pairs_are_the_ones_most_bought_together(daily):
    effects = planted(SAMPLE_EVENTS, SAMPLE_SEED)
    bought = {
        (row["item_a"], row["item_b"]): row
        for row in rows(daily, "product_affinity")
        if (row["item_type"], row["basket_type"]) == ("product", "bought")
    }
    by_lift = sorted(bought, key=lambda pair: -bought[pair]["lift"])
    pairs = {tuple(sorted(map(str, pair))): str(pair[0]) for pair in effects.pairs}
    assert set(by_lift[: len(pairs)]) == set(pairs)
    for pair, first in pairs.items():
        row = bought[pair]
        of_first, confidence = (
            (row["baskets_a"], row["confidence_a_to_b"])
            if first == row["item_a"]
            else (row["baskets_b"], row["confidence_b_to_a"])
        )
        if of_first >= 50:  # the others are bought too rarely to tell
            assert confidence == pytest.approx(100 * effects.pair_share, abs=15)


def test_planted_retention_is_found_again(daily):
    """All cohorts together: each known cell is weighed by its cohort."""
    curve = planted(SAMPLE_EVENTS, SAMPLE_SEED).retention
    cells = [
        row
        for row in rows(daily, "retention_cohorts")
        if (row["activity"], row["period_type"]) == ("visit", "day")
        and row["active_users"] is not None
    ]
    errors = []
    for number, chance in enumerate(curve):
        held = [row for row in cells if row["period_number"] == number]
        users = sum(row["cohort_users"] for row in held)
        found = sum(row["active_users"] for row in held) / users
        deviation = (chance * (1 - chance) / users) ** 0.5
        # Sessions that go on after midnight add a little to the days that follow.
        errors.append(abs(found - chance) <= 4 * deviation + 0.004)
    assert all(errors)


def test_planted_weekend_lift_is_found_again(daily):
    days: dict[date, int] = {}
    for row in rows(daily, "hourly_anomalies"):
        days[row["event_date"]] = days.get(row["event_date"], 0) + row["observed"]
    weekend = [count for day, count in days.items() if day.weekday() >= 5]
    working = [count for day, count in days.items() if day.weekday() < 5]
    lift = (sum(weekend) / len(weekend)) / (sum(working) / len(working))
    assert lift == pytest.approx(planted(SAMPLE_EVENTS, SAMPLE_SEED).weekend_lift, abs=0.06)


def test_every_interval_of_a_product_ends_where_the_next_begins(daily):
    held = sorted(
        rows(daily, "product_history"), key=lambda row: (row["product_id"], row["valid_from"])
    )
    for row, following in zip(held, [*held[1:], None], strict=True):
        is_last = following is None or following["product_id"] != row["product_id"]
        assert row["is_current"] == is_last
        assert row["valid_to"] == (None if is_last else following["valid_from"])
        assert is_last or row["valid_to"] - row["valid_from"] > timedelta(0)


def test_compare_prints_each_figure_and_says_when_the_sample_is_loaded(daily):
    ran = daily.run("shopstream", "compare", COLUMNS="250")
    assert ran.returncode == 0, ran.stdout
    assert ran.stdout.count("not October 2019") == 35
    assert "sample" not in ran.stdout
    mark = daily.root / "warehouse" / SAMPLE_MARK
    mark.touch()
    try:
        assert "The generated sample is loaded" in daily.run("shopstream", "compare").stdout
    finally:
        mark.unlink()
