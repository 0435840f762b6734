"""The explorer: what it lists equals the marts, a row opens its page, ids can be hidden."""

from dataclasses import replace

import pytest

from dashboard import data, words
from dashboard.app import PAGES
from dashboard.blocks import Display
from dashboard.filters import default_view
from dashboard.periods import stored_periods
from dashboard.screens.products import explorer
from dashboard.screens.users import customer, value
from shopstream.people.query import connect
from tests.dashboard.test_pages import ask, metrics, run

HOSTILE = "%' or 1=1 -- <script>"


def view_of(build, **choices):
    """The explorer of one week, compared with the week before."""
    view = default_view(explorer.PART, build)
    period = stored_periods(build)["Week of 14 Oct 2019"]
    return replace(view, period=period, choices=view.choices | choices)


PRODUCTS = """
    select product_id, count(*) filter (event_type = 'view') as views,
        count(*) filter (event_type = 'purchase') as purchases,
        coalesce(sum(price) filter (event_type = 'purchase'), 0)::double as revenue
    from fct_events where event_date between '2019-10-14' and '2019-10-20' and product_id <> -1
    group by 1 order by revenue desc, product_id
"""


def test_products_are_those_of_the_events(shown, warehouse):
    (table,) = explorer.table(shown, view_of(shown))
    everything = connect(warehouse, PRODUCTS).execute(PRODUCTS).df()
    names = ["item", "views", "purchases", "revenue"]
    first = everything.head(explorer.ROWS).to_numpy().astype(float)
    assert table.rows[names].to_numpy().astype(float) == pytest.approx(first)
    # The CSV has all rows, not the first page.
    assert len(table.all_rows()) == len(everything) > explorer.ROWS
    assert table.title.startswith(f"{len(everything):,} products")


def test_the_second_page_goes_on_and_one_beyond_the_last_is_the_first(shown):
    first, second, beyond = (
        next(explorer.table(shown, view_of(shown, page=page))).rows["item"].tolist()
        for page in ("1", "2", "9999")
    )
    assert not set(first) & set(second)
    assert beyond == first


@pytest.mark.parametrize("kind", data.explorer.KINDS)
@pytest.mark.parametrize("sort", data.explorer.SORTS)
def test_every_kind_is_sorted_by_every_column(shown, kind, sort):
    (table,) = explorer.table(shown, view_of(shown, kind=kind, sort=sort))
    values = table.rows[sort].dropna().tolist()
    assert values == sorted(values, reverse=True)
    assert values


def test_brands_and_their_change_equal_the_mart(shown, warehouse):
    (table,) = explorer.table(shown, view_of(shown, kind="brands", find="SAM"))
    now, then = ask(
        warehouse,
        """select sum(revenue) filter (event_date >= '2019-10-14'),
            sum(revenue) filter (event_date < '2019-10-14')
        from daily_categories_brands
        where brand = 'samsung' and event_date between '2019-10-07' and '2019-10-20'""",
    )
    row = table.rows.set_index("name").loc["Samsung"]
    assert row["revenue"] == pytest.approx(float(now))
    assert row["change"] == pytest.approx(100 * (float(now / then) - 1))


def test_carts_that_may_still_be_left_are_in_no_share(shown, warehouse):
    view = replace(view_of(shown, kind="categories"), period=stored_periods(shown)["All dates"])
    (table,) = explorer.table(shown, view)
    sql = """select p.category_code, (100 * sum(episodes) filter (outcome = 'abandoned')
                / sum(episodes) filter (outcome <> 'undecided'))::double
        from cart_outcomes join dim_products as p using (product_id), data_coverage
        where cart_date <= last_delivered_date - 7 group by 1"""
    of_old = dict(connect(warehouse, sql).execute(sql).fetchall())
    shares = table.rows.set_index("item")["abandonment"].dropna().to_dict()
    assert shares == pytest.approx({k: v for k, v in of_old.items() if v is not None})
    assert "Carts left: of those up to " in table.caption


@pytest.mark.parametrize("kind", data.explorer.KINDS)
def test_what_is_searched_is_text_and_nothing_else(shown, kind):
    (table,) = explorer.table(shown, view_of(shown, kind=kind, find=HOSTILE))
    assert table.rows.empty
    page = run("products", part="Explorer", kind=kind, find=HOSTILE, page="-5", sort="1; drop")
    assert not any("can't be shown" in each.value for each in page.info)


def test_a_product_has_a_page(shown, warehouse):
    item, revenue, views = ask(
        warehouse,
        """select product_id, sum(price) filter (event_type = 'purchase'),
            count(*) filter (event_type = 'view')
        from fct_events group by 1 order by 2 desc nulls last limit 1""",
    )
    page = run("products", part="Product", item=str(item))
    assert metrics(page)["Revenue"] == words.number(float(revenue), "$")
    assert metrics(page)["Views"] == words.number(views)
    assert any("Bought with it" in each.value for each in page.header)
    for other in ("", "x", "-1", "9" * 40, HOSTILE):
        page = run("products", part="Product", item=other)
        assert not page.metric and "product" in page.info[0].value


def test_a_visitor_has_a_page_unless_ids_are_hidden(shown, warehouse, monkeypatch):
    user, spent, sessions = ask(
        warehouse,
        """select user_id, sum(total_spent), count(*) from dim_sessions where user_id <> -999999
        group by 1 order by 2 desc limit 1""",
    )
    page = run("users", part="Visitor", customer=str(user))
    assert metrics(page)["Spent"] == words.number(float(spent), "$")
    assert len(page.dataframe[0].value) == sessions
    for other in ("-999999", "x", "9" * 40):
        assert not run("users", part="Visitor", customer=other).metric
    monkeypatch.setenv("SHOPSTREAM_HIDE_USER_IDS", "1")
    page = run("users", part="Visitor", customer=str(user))
    assert not page.metric and "not shown" in page.info[0].value


def test_buyers_of_a_segment_are_listed_and_exported_whole(shown, warehouse):
    (number,) = ask(warehouse, "select count(*) from rfm_users where rfm_segment = 'Champions'")
    view = default_view(value.PART, shown)
    view = replace(view, choices=view.choices | {"buyers": "Champions"})
    (table,) = value.buyers(shown, view)
    everyone = table.all_rows()
    assert len(everyone) == number and set(everyone["rfm_segment"]) == {"Champions"}
    hidden = replace(view, display=Display(hides_users=True))
    (table,) = value.buyers(shown, hidden)
    assert set(table.all_rows()["user_id"]) == set(table.rows["item"]) == {"hidden"}
    assert not table.opens
    (empty,) = customer.overview(shown, replace(hidden, choices={"customer": "1"}))
    assert "hides them" in empty.words


def test_parts_that_a_click_opens_are_there(shown):
    names = {part.name for page in PAGES for part in page.parts}
    opened = {part for part, _ in explorer.OPENED.values()} | {"Visitor"}
    assert opened <= names
