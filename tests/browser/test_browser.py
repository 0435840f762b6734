"""The dashboard in a real browser: every page, light and dark, on a desk and on a phone.

`make test-browser` runs it. Screenshots are kept in target/screenshots: look at them.
"""

import os
import shutil
import socket
import subprocess
import time
import urllib.request

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import BIN, PROJECT
from playwright.sync_api import sync_playwright

PATHS = ["", "products", "users", "time", "performance", "quality"]
SCREENSHOTS = PROJECT / "target" / "screenshots"
WIDTHS = {"desk": 1280, "phone": 380}
# On a page's own address Streamlit first looks for its server below it, then at the root.
LOOKING_FOR_ITS_SERVER = "/_stcore/"


@pytest.fixture(scope="module")
def address(warehouse):
    """The dashboard, served as `shopstream dashboard` serves it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [str(BIN / "shopstream"), "dashboard", "--port", str(port)],
        cwd=PROJECT,
        env={**os.environ, "SHOPSTREAM_WAREHOUSE": str(warehouse)},
    )
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1)
                break
            except OSError:
                time.sleep(0.5)
        else:
            pytest.fail("the dashboard did not start")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="module")
def chromium():
    """Debian's Chromium."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if not path:
        pytest.fail("no Chromium here; install it with: sudo apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def visit(context, url: str):
    """Open a page and wait until it is drawn; gives it and the errors of its console."""
    errors = []
    page = context.new_page()
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


def settle(page) -> None:
    """Wait until the page stands still."""
    page.locator("h1").first.wait_for(timeout=30000)
    still = 0
    while still < 3:
        state = page.get_by_test_id("stApp").get_attribute("data-test-script-state")
        still = still + 1 if state == "notRunning" else 0
        page.wait_for_timeout(300)


def test_a_link_to_a_page_holds_on_a_server_that_just_started(chromium, address):
    context = chromium.new_context()
    page, errors = visit(context, f"{address}/users")
    assert page.get_by_role("heading", name="Who brings the revenue?").count() == 1
    assert errors == []
    context.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_whole_accessible_and_fits(chromium, address, path, theme, width):
    context = chromium.new_context(
        viewport={"width": WIDTHS[width], "height": 900}, color_scheme=theme
    )
    page, errors = visit(context, f"{address}/{path}")
    main = "document.querySelector('[data-testid=stMain]')"
    height = page.evaluate(f"{main}.scrollHeight")
    page.set_viewport_size({"width": WIDTHS[width], "height": min(height + 80, 9000)})
    page.wait_for_timeout(1000)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{path or 'overview'}-{theme}-{width}.png")

    assert errors == []
    assert page.locator("[data-testid=stException]").count() == 0
    assert page.get_by_text("can't be shown").count() == 0
    assert page.evaluate(f"{main}.scrollWidth <= {main}.clientWidth")
    found = Axe().run(page).response["violations"]
    serious = {
        rule["id"]: [node["html"][:200] for node in rule["nodes"][:3]]
        for rule in found
        if rule["impact"] in {"serious", "critical"}
    }
    assert serious == {}
    context.close()


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
    page.get_by_role("button", name="Reset").click()
    settle(page)
    assert cards(page) == everything
    assert "period" not in page.url
    context.close()


def test_what_is_chosen_stays_on_the_way_to_another_page_and_back(chromium, address):
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page, _ = visit(context, f"{address}/?period=October+2019")
    page.get_by_test_id("stTopNavLink").filter(has_text="Products").click()
    page.wait_for_url("**/products*")
    settle(page)
    assert "period=October" in page.url
    assert page.get_by_text("October 2019").count() > 0
    # The step to the page and what it wrote into its address are up to two steps back.
    for _ in range(2):
        if "products" in page.url:
            page.go_back()
            settle(page)
    assert "products" not in page.url
    assert "period=October" in page.url
    context.close()


def test_a_click_on_a_bar_chooses_its_brand(chromium, address):
    context = chromium.new_context(viewport={"width": 1280, "height": 1400})
    page, _ = visit(context, f"{address}/products")
    bar = page.locator(".stPlotlyChart").nth(1).locator(".bars .point path").first
    bar.click(force=True)
    page.wait_for_url("**brand=*")
    settle(page)
    assert page.get_by_text("All dates, apple").count() > 0
    context.close()


def choose(page, words: str, option: str) -> None:
    """Choose an option of a select box with the keyboard alone."""
    box = page.get_by_role("combobox", name=words)
    box.focus()
    page.keyboard.type(option)
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    settle(page)
