"""The dbt documentation in a real browser: links to graphs open them, and nothing is too wide."""

import pytest
from playwright.sync_api import sync_playwright

from tests.helpers.served import chromium_path
from tests.helpers.warehouse import PROJECT, Warehouse

SEEDS = sorted(path.stem for path in (PROJECT / "seeds").rglob("*.csv"))
# What kinds of nodes the graph shows, once it is there.
KINDS = """(window.angular?.element(document.body).injector()?.get('graph').graph.elements ?? [])
    .filter(each => each.group == 'nodes' && each.data.display == 'element')
    .map(each => each.data.resource_type)"""
NAMES = KINDS.replace("resource_type", "name")
# The second graph, and what it has to show.
STAR_SCHEMA = 1
STAR = ["fct_events", "dim_sessions", "dim_users", "dim_products", "dim_categories", "dim_time"]


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    """Where the page lies."""
    warehouse = Warehouse(tmp_path_factory.mktemp("docs"))
    ran = warehouse.run("shopstream", "docs")
    assert ran.returncode == 0, ran.stdout
    return (warehouse.root / "target" / "static_index.html").as_uri()


@pytest.fixture(scope="module")
def page():
    """One tab of Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 1440, "height": 900})
        browser.close()


def test_each_graph_of_the_first_page_opens_and_goes_back(page, address):
    page.goto(f"{address}#!/overview")
    links = page.locator("a[href*='g_v=1']")
    links.first.wait_for()
    assert "<a " not in page.inner_text("body")
    for place in range(links.count()):
        links.nth(place).click()
        page.wait_for_function(f"{KINDS}.length")
        assert page.get_by_text("Lineage Graph").is_visible()
        kinds = page.evaluate(KINDS)
        assert 5 < len(kinds) < 60 and "test" not in kinds, (place, len(kinds))
        if place == STAR_SCHEMA:
            page.wait_for_function(
                f"names => names.every(each => {NAMES}.includes(each))", arg=STAR
            )
        page.go_back()
        page.get_by_text("Lineage Graph").wait_for(state="hidden")
        links.first.wait_for()


@pytest.mark.parametrize("place", ["overview", *(f"seed/seed.shopstream.{s}" for s in SEEDS)])
def test_no_table_is_wider_than_its_frame(page, address, place):
    page.goto(f"{address}#!/{place}")
    page.locator("[marked] table").first.wait_for()
    too_wide = """[...document.querySelectorAll('[marked]')]
        .filter(each => each.scrollWidth > each.clientWidth).length"""
    assert page.evaluate(too_wide) == 0


def test_a_link_to_a_heading_of_the_first_page_goes_there(page, address):
    page.goto(f"{address}#!/overview")
    links = page.locator("[marked] a[href^='#']:not([href^='#!'])")
    links.first.wait_for()
    assert links.count() > 5
    for place in range(links.count()):
        heading = links.nth(place).get_attribute("href")
        links.nth(place).click()
        top = page.locator(heading).bounding_box()["y"]
        assert -1 <= top < 900 and page.url.endswith("#!/overview"), heading


def test_columns_are_shown_without_marks(page, address):
    page.goto(f"{address}#!/model/model.shopstream.fct_events")
    row = page.locator("tr.column-row", has_text="yyyymmddhh")
    row.get_by_text("Hour as yyyymmddhh; refers to dim_time.").click()
    page.locator("table code:visible", has_text="dim_time").wait_for()


def test_the_example_of_a_seed_names_its_table(page, address):
    page.goto(f"{address}#!/seed/seed.shopstream.user_segments")
    page.get_by_text("from shopstream_seeds.user_segments").wait_for()
