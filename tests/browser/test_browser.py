"""The dashboard in a real browser: every page, light and dark, on a desk and on a phone.

`make test-browser` runs it. Screenshots are kept in target/screenshots: look at them.
"""

from urllib.parse import parse_qs, urlparse
from xml.etree import ElementTree

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from dashboard.app import PAGES
from tests.helpers.served import COUNT_RUNS, DRAWN, chromium_path, served
from tests.helpers.warehouse import PROJECT

PARTS = [(page.path, part.name) for page in PAGES for part in page.parts]
SCREENSHOTS = PROJECT / "target" / "screenshots"
WIDTHS = {"desk": 1440, "phone": 390}
# How much of what is seen moves while a page loads, as browsers measure it.
SHIFT = """
    window.shift = 0;
    new PerformanceObserver(list => list.getEntries().forEach(each => {
        if (!each.hadRecentInput) window.shift += each.value;
    })).observe({type: 'layout-shift', buffered: true});
"""
LARGEST_SHIFT = 0.1
# What each axis of each chart is labelled with.
TICKS = """[...document.querySelectorAll('.stPlotlyChart')].flatMap(chart =>
    ['.xtick text', '.ytick text'].map(axis =>
        [...chart.querySelectorAll(axis)].map(tick => tick.textContent)))"""
# On a page's own address Streamlit first looks for its server below it, then at the root.
LOOKING_FOR_ITS_SERVER = "/_stcore/"


@pytest.fixture(scope="module")
def address(warehouse):
    """Where the dashboard is served."""
    with served(warehouse) as (address, _):
        yield address


@pytest.fixture(scope="module")
def chromium():
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def screens(chromium):
    """A window of each width and theme, kept: what a page needs is fetched once."""
    kept = {}

    def screen(width: str, theme: str = "light"):
        if (width, theme) not in kept:
            kept[width, theme] = chromium.new_context(
                viewport={"width": WIDTHS[width], "height": 900}, color_scheme=theme
            )
        return kept[width, theme]

    yield screen
    for context in kept.values():
        context.close()


def visit(context, url: str):
    """Open a page and wait until it is drawn; gives it and the errors of its console."""
    errors = []
    page = context.new_page()
    page.add_init_script(COUNT_RUNS + SHIFT)
    page.on(
        "console",
        lambda said: (
            errors.append(f"{said.text} {said.location['url']}")
            if said.type == "error" and LOOKING_FOR_ITS_SERVER not in said.location["url"]
            else None
        ),
    )
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(url)
    settle(page)
    return page, errors


def settle(page, runs: int = 0) -> None:
    """Wait until so many runs of the script are over and all is drawn."""
    page.wait_for_function(DRAWN, arg=runs, timeout=30000)
    page.wait_for_timeout(300)


def after(page, act) -> None:
    """Act, and wait for what comes of it."""
    runs = page.evaluate("window.runs")
    act()
    settle(page, runs)


def test_a_link_to_a_page_holds_on_a_server_that_just_started(chromium, address):
    context = chromium.new_context()
    page, errors = visit(context, f"{address}/users")
    assert page.get_by_role("heading", name="Who brings the revenue?").count() == 1
    assert errors == []
    context.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("path", "part"), PARTS)
def test_a_page_is_whole_accessible_and_fits(screens, address, path, part, theme, width):
    place = "" if path == PAGES[0].path else path
    page, errors = visit(screens(width, theme), f"{address}/{place}?part={part}")
    main = "document.querySelector('[data-testid=stMain]')"
    height = page.evaluate(f"{main}.scrollHeight")
    page.set_viewport_size({"width": WIDTHS[width], "height": min(height + 80, 9000)})
    page.wait_for_timeout(1000)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{path}-{part}-{theme}-{width}.png")

    assert errors == []
    assert page.title() == next(f"{p.title} · shopstream" for p in PAGES if p.path == path)
    # A small line has nothing to open, and nothing to stop at with Tab.
    assert page.locator("[class*=st-key-cards_] [data-testid=stImage]").count() == 0
    assert page.locator("[data-testid=stException]").count() == 0
    assert page.get_by_text("can't be shown").count() == 0
    assert page.get_by_text("This build has no").count() == 0
    for ticks in page.evaluate(TICKS):
        assert len(set(ticks)) == len(ticks)
    assert page.evaluate(f"{main}.scrollWidth <= {main}.clientWidth")
    found = Axe().run(page).response["violations"]
    serious = {
        rule["id"]: [node["html"][:200] for node in rule["nodes"][:3]]
        for rule in found
        if rule["impact"] in {"serious", "critical"}
    }
    assert serious == {}
    page.close()


def shift(context, url: str) -> float:
    """How much of a page moves while it loads."""
    page, _ = visit(context, url)
    found = page.evaluate("window.shift")
    page.close()
    return found


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("path", "part"), PARTS)
def test_nothing_jumps_while_a_page_loads(screens, address, path, part, width):
    """On a busy machine Streamlit shows a skeleton of its own first, narrower than the page: what
    the page itself moves, it moves on each of three visits."""
    url = f"{address}/{'' if path == PAGES[0].path else path}?part={part}"
    assert any(shift(screens(width), url) < LARGEST_SHIFT for _ in range(3))


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_jumps_on_the_first_visit_either(chromium, address, width):
    for _ in range(3):
        context = chromium.new_context(viewport={"width": WIDTHS[width], "height": 900})
        found = shift(context, address)
        context.close()
        if found < LARGEST_SHIFT:
            return
    assert found < LARGEST_SHIFT


def cards(page) -> list[str]:
    return page.locator("[data-testid=stMetric]").all_inner_texts()


def test_a_shared_link_shows_the_same_view(chromium, address):
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page, _ = visit(context, address)
    everything = cards(page)
    choose(page, "Dates", "Week of 14 Oct 2019")
    week = cards(page)
    assert week != everything
    assert "period=Week" in page.url
    other, _ = visit(chromium.new_context(viewport={"width": 1280, "height": 900}), page.url)
    assert cards(other) == week
    after(page, page.get_by_role("button", name="Reset").click)
    assert cards(page) == everything
    assert "period" not in page.url
    context.close()


def test_one_step_back_undoes_one_choice(chromium, address):
    """Two filters, a part and a page are four steps; each one back shows what was there."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page, _ = visit(context, address)
    seen = [state(page)]
    for act in (
        lambda: choose(page, "Dates", "October 2019"),
        lambda: choose(page, "By", "week"),
        lambda: after(page, page.get_by_role("radio", name="Metrics").click),
        lambda: after(page, page.get_by_role("link", name="Products").first.click),
        lambda: after(page, page.get_by_role("radio", name="Prices").click),
    ):
        act()
        seen.append(state(page))
    assert len({str(each) for each in seen}) == 6
    assert seen[4][:2] == ("/products", {"period": ["October 2019"], "grain": ["week"]})
    for expected in reversed(seen[:-1]):
        after(page, page.go_back)
        assert state(page) == expected
    context.close()


def state(page) -> tuple:
    """Where the reader is: path, parameters, the question, and what the select boxes show."""
    where = urlparse(page.url)
    boxes = [box.input_value() for box in page.get_by_role("combobox").all()]
    return where.path, parse_qs(where.query), page.locator("h1").inner_text(), boxes


@pytest.mark.parametrize(
    ("place", "x", "y", "chosen"),
    [(1, 0.25, 0.08, ("brand", "apple")), (2, 0.9, 0.2, ("category", "appliances"))],
)
def test_a_click_on_a_bar_or_tile_chooses_it(chromium, address, place, x, y, chosen):
    context = chromium.new_context(viewport={"width": 1280, "height": 1400})
    page, _ = visit(context, f"{address}/products")
    for _ in range(2):  # Reset forgets the click, so that the next counts again
        chart = page.locator(".stPlotlyChart").nth(place).bounding_box()
        page.mouse.click(chart["x"] + x * chart["width"], chart["y"] + y * chart["height"])
        page.wait_for_url(f"**{'='.join(chosen)}**")
        settle(page, 1)
        assert page.get_by_text(f"All dates, {chosen[1].replace('apple', 'Apple')}").count() > 0
        after(page, page.get_by_role("button", name="Reset").click)
    context.close()


def test_a_picture_has_its_title_and_caption(chromium, address):
    context = chromium.new_context(viewport={"width": 1280, "height": 1400})
    page, errors = visit(context, f"{address}/products")
    chart = page.locator(".stPlotlyChart").first.bounding_box()
    with page.expect_download() as saved:
        page.get_by_role("button", name="PNG picture of top products by revenue").click()
    assert saved.value.suggested_filename == "top-products-by-revenue.png"
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    file = SCREENSHOTS / "picture.png"
    saved.value.save_as(file)
    head = file.read_bytes()[:24]
    width, height = (int.from_bytes(head[at : at + 4], "big") for at in (16, 20))
    assert width > 2 * chart["width"]
    # Title above and caption below make it higher than the chart.
    assert height > 2 * chart["height"] + 150
    with page.expect_download() as saved:
        page.get_by_role("button", name="SVG picture of top products by revenue").click()
    assert saved.value.suggested_filename == "top-products-by-revenue.svg"
    drawing = ElementTree.parse(saved.value.path()).getroot()
    assert drawing.tag.endswith("svg")
    texts = " ".join("".join(drawing.itertext()).split())
    assert "Top products by revenue" in texts
    assert "From daily_products" in texts
    assert errors == []
    context.close()


def choose(page, words: str, option: str) -> None:
    """Choose an option of a select box with the keyboard alone."""
    box = page.get_by_role("combobox", name=words)
    box.focus()
    page.keyboard.type(option)
    after(page, lambda: page.keyboard.press("Enter"))


def test_on_a_phone_filters_are_behind_a_button_with_their_number(chromium, address):
    context = chromium.new_context(viewport={"width": 390, "height": 900})
    page, _ = visit(context, f"{address}/?period=Week of 14 Oct 2019&brand=apple")
    assert not page.get_by_role("combobox", name="Dates").is_visible()
    after(page, page.get_by_role("button", name="Filters · 2 set").click)
    assert page.get_by_role("combobox", name="Dates").is_visible()
    links = [each.bounding_box() for each in page.locator(".st-key-pages a").all()]
    rows = sorted({round(each["y"]) for each in links})
    assert all(high + links[0]["height"] <= low for high, low in zip(rows, rows[1:], strict=False))
    context.close()
    desk = chromium.new_context(viewport={"width": 1440, "height": 900})
    page, _ = visit(desk, address)
    assert page.get_by_role("combobox", name="Dates").is_visible()
    assert not page.locator(".st-key-fold").is_visible()
    desk.close()


@pytest.mark.parametrize("path", [page.path for page in PAGES])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_page_on_paper_has_nothing_cut(screens, address, path, width):
    """Charts keep the width that they had on the screen: no wider than the paper."""
    page, _ = visit(screens(width), f"{address}/{'' if path == PAGES[0].path else path}")
    page.set_viewport_size({"width": 703, "height": 1032})  # A4 without its margins
    page.emulate_media(media="print")
    page.wait_for_timeout(300)
    paper = page.evaluate("document.documentElement.clientWidth")
    boxes = page.locator(".stPlotlyChart .main-svg, [data-testid=stMetric], h1, h2")
    right = max(
        each["x"] + each["width"] for each in map(lambda b: b.bounding_box(), boxes.all()) if each
    )
    assert right <= paper + 1
    assert not page.locator(".st-key-pages").is_visible()
    page.close()


def test_a_click_on_a_row_of_the_explorer_opens_its_product(chromium, address):
    context = chromium.new_context(viewport={"width": 1440, "height": 1200})
    page, _ = visit(context, f"{address}/products?part=Explorer")
    table = page.locator("[data-testid=stDataFrame]").bounding_box()
    # The first column has the boxes that choose a row; the first row is below the names.
    after(page, lambda: page.mouse.click(table["x"] + 15, table["y"] + 53))
    assert page.get_by_role("heading", name="How does this product sell?").count() == 1
    assert "item=" in page.url
    context.close()


def test_labels_are_whole_on_a_phone(screens, address):
    page, _ = visit(screens("phone"), f"{address}/?period=Last+7+days")
    labels = page.locator("[data-testid=stMetricLabel]")
    cut = """labels => labels.flatMap(label => [label, ...label.querySelectorAll('*')])
        .filter(each => each.scrollWidth > each.clientWidth && getComputedStyle(each).overflowX
            !== 'visible').map(each => each.textContent)"""
    assert labels.count() == 6
    assert labels.evaluate_all(cut) == []
    on_names = """[...document.querySelectorAll('.stPlotlyChart')].flatMap(chart => {
        const names = [...chart.querySelectorAll('.ytick text')]
            .map(name => name.getBoundingClientRect());
        return [...chart.querySelectorAll('text.bartext')].filter(text => {
            const own = text.getBoundingClientRect();
            return names.some(name => own.left < name.right && name.left < own.right
                && own.top < name.bottom && name.top < own.bottom);
        }).map(text => text.textContent);
    })"""
    assert page.locator("text.bartext").count() > 4
    assert page.evaluate(on_names) == []
    page.close()
