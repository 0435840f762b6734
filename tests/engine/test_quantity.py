"""Quantities and currencies that a source description maps, against an independent computation."""

import random

import pytest

from tests import oracle
from tests.helpers.warehouse import put_files
from tests.helpers.warm import WITH_TESTS, Built, WarmWarehouse
from tests.oracle import activity, customers

DESCRIBED = "files: ['*.csv']\ncolumns: {quantity: qty, currency: ccy}\n"
RULES = oracle.Rules(mapped={"quantity": "qty", "currency": "ccy"})
# An extra column called quantity is another shop's business.
HEADER = "event_time,event_type,product_id,category_code,brand,price,user_id,user_session"
HEADER += ",quantity,qty,ccy"
QUANTITIES = ["", "1", "2", "3.0", "+7", "10000", "null", "0", "-1", "1.5", "10001", "two"]
CURRENCIES = ["", "USD", "usd", " Usd ", "NULL", "EUR"]
# One in each band of prices, and one that is free.
PRICES = ["0", "7.25", "100", "999.99", "1500.5"]


def rows_of(seed: int, count: int) -> list[str]:
    """Rows of a small shop; some agree in all but their quantity."""
    rng = random.Random(seed)
    rows = []
    for _ in range(count):
        at = f"2019-10-{rng.randint(1, 4):02d} {rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}:00"
        kind = rng.choice(["view", "cart", "purchase", "purchase", "remove_from_cart"])
        product, user = rng.randint(1, 12), rng.randint(1, 40)
        sold = f"{product},a.{product % 3},b{product % 2},{PRICES[product % 5]}"
        head = f"{at} UTC,{kind},{sold},{user},s{user}-{rng.randint(1, 3)},99"
        for _ in range(rng.choice([1, 1, 1, 2])):
            usable = rng.random() < 0.9
            quantity = rng.choice(QUANTITIES[:7] if usable else QUANTITIES)
            rows.append(f"{head},{quantity},{rng.choice(CURRENCIES[:5] if usable else CURRENCIES)}")
    return rows


@pytest.fixture(scope="module")
def built(session: WarmWarehouse) -> Built:
    """Two loads of two files, all marts; no rule of dbt is broken."""
    session.start()
    put_files(session.landing, {"sources/shop.yml": DESCRIBED.encode()})
    for seed in (1, 2):
        lines = "\n".join([HEADER, *rows_of(seed, 400), ""])
        put_files(session.landing, {f"{seed}.csv": lines.encode()})
        session.build(*WITH_TESTS, all_marts=True)
    return Built(session.landing, session.marts())


def test_core_marts_are_those_of_the_independent_computation(built):
    assert built.differences_from_oracle(RULES) == {}


@pytest.mark.parametrize("part", [activity, customers], ids=["activity", "customers"])
def test_business_marts_are_those_of_the_independent_computation(built, part):
    make = {activity: activity.activity_marts, customers: customers.customer_marts}[part]
    expected = make(built.landing, RULES)
    wrong = {
        name: found
        for name, mart in expected.items()
        if (found := oracle.differences(mart, built.table(name), part.KEYS[name], tolerance=1e-9))
    }
    assert wrong == {}


def test_some_rows_have_more_than_one_unit_and_some_are_left_out(built):
    events = built.table("fct_events").to_pylist()
    assert {row["quantity"] for row in events} == {1, 2, 3, 7, 10000}
    reasons = {row["reason"] for row in built.table("quarantined_events").to_pylist()}
    assert reasons == {"bad_quantity", "other_currency"}
    revenue = sum(r["price"] * r["quantity"] for r in events if r["event_type"] == "purchase")
    assert sum(row["total_spent"] for row in built.table("dim_sessions").to_pylist()) == revenue


def test_what_was_delivered_of_a_row_that_is_left_out_is_kept(built):
    rows = built.table("quarantined_events").to_pylist()
    assert all('"quantity":' in r["delivered_row"] for r in rows if r["reason"] == "bad_quantity")
    assert all('"currency":"EUR"' in r["delivered_row"] for r in rows if "currency" in r["reason"])
