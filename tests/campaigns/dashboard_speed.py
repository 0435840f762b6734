"""How fast the dashboard is on a warehouse, in a real browser; prints JSON.

    SHOPSTREAM_TEST_WAREHOUSE=data/warehouse .venv/bin/python -m tests.campaigns.dashboard_speed

It serves the dashboard and measures, in Chromium on this machine: the first page in a cold session
until its charts are drawn (the very first of a server that just started, and the median of more);
each part of each page and each change of a filter, warm; the server's memory; and people who click
at once, with the errors they saw.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import sys
import time
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from dashboard.app import PAGES
from dashboard.filters import FILTERS
from tests.helpers.served import COUNT_RUNS, DRAWN, chromium_path, served

DESK = {"width": 1280, "height": 900}
WORDS = {name: one.words for name, one in FILTERS.items()} | {"period": "Dates"}
TYPED = {name for name, one in FILTERS.items() if one.typed}


def summary(seconds: list[float]) -> dict:
    """What is told of several measurements."""
    return {
        "median": round(statistics.median(seconds), 3),
        "slowest": round(max(seconds), 3),
        "times": len(seconds),
    }


def memory(pid: int) -> int:
    """The most memory that a process and its children have held, in MB."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    most = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return most // 1024 + sum(memory(int(child)) for child in children)


async def visitor(browser: Browser, errors: list[str]) -> Page:
    """A tab with an empty cache, whose errors are kept."""
    context = await browser.new_context(viewport=DESK)
    page = await context.new_page()
    await page.add_init_script(COUNT_RUNS)
    page.on("pageerror", lambda error: errors.append(str(error)))
    return page


async def took(page: Page, act, runs: int | None = None) -> float:
    """Seconds from an act until all that comes of it is drawn."""
    if runs is None:
        runs = await page.evaluate("window.acted = performance.now(), window.runs")
    begun = time.perf_counter()
    await act()
    await page.wait_for_function(DRAWN, arg=runs, timeout=60_000)
    return time.perf_counter() - begun


async def first_page(browser: Browser, address: str, errors: list[str]) -> float:
    """Seconds until the first page is drawn in a cold session."""
    page = await visitor(browser, errors)
    seconds = await took(page, lambda: page.goto(address), runs=0)
    await page.context.close()
    return seconds


async def open_page(page: Page, title: str) -> float:
    """Seconds to go to another page by its link."""
    link = page.locator(".st-key-pages").get_by_role("link", name=title, exact=True)
    return await took(page, link.click)


async def open_part(page: Page, name: str) -> float:
    """Seconds to open another part of the page."""
    return await took(page, page.get_by_role("radio", name=name, exact=True).click)


async def change(page: Page, filter_name: str, chance: random.Random) -> float:
    """Seconds from choosing another option of a filter, until all is drawn."""
    if filter_name in TYPED:
        return await type_in(page, filter_name, chance)
    box = page.get_by_role("combobox", name=WORDS[filter_name])
    shown = await box.input_value()
    await box.click()
    options = page.get_by_role("option")
    await options.first.wait_for()
    names = [
        name for name in await options.all_inner_texts() if name not in (shown, "Other dates…")
    ]
    option = page.get_by_role("option", name=chance.choice(names), exact=True).first
    await option.scroll_into_view_if_needed()  # before the click: the list draws what it shows
    return await took(page, option.click)


async def type_in(page: Page, filter_name: str, chance: random.Random) -> float:
    """Seconds from the end of typing into a filter, until all is drawn."""
    box = page.get_by_label(WORDS[filter_name], exact=True)
    shown = await box.input_value()
    await box.fill(chance.choice([text for text in "123456" if text != shown]))
    return await took(page, lambda: box.press("Enter"))


async def warm(browser: Browser, address: str, times: int, errors: list[str]) -> dict:
    """Each part of each page, and each of its filters, so many times."""
    page = await visitor(browser, errors)
    await took(page, lambda: page.goto(address), runs=0)
    chance, measured = random.Random(6), {}
    for _ in range(times):
        for each in [*PAGES[1:], PAGES[0]]:
            spent = await open_page(page, each.title)
            measured.setdefault(f"{each.title}: {each.parts[0].name}", []).append(spent)
            for part in each.parts:
                if part is not each.parts[0]:
                    spent = await open_part(page, part.name)
                    measured.setdefault(f"{each.title}: {part.name}", []).append(spent)
                for name in part.filters:
                    spent = await change(page, name, chance)
                    key = f"{each.title}: {part.name}, {WORDS[name]}"
                    measured.setdefault(key, []).append(spent)
    await page.context.close()
    return {name: summary(seconds) for name, seconds in measured.items()}


async def click_around(
    page: Page, chance: random.Random, until: float, lost: list[str]
) -> list[float]:
    """Seconds of each click of a person who opens pages, parts and filters at random.

    A click that meets a page while it is drawn anew may do nothing: it is noted in `lost`, and the
    person clicks again.
    """
    spent = []
    while time.perf_counter() < until:
        each = chance.choice(PAGES)
        part = chance.choice(each.parts)
        spent.append(await open_page(page, each.title))
        question = page.get_by_role("heading", name=part.question, exact=True)
        for attempt in range(5):
            if await question.is_visible():
                break
            if attempt:
                lost.append(f"{each.title}: {part.name}")
            radio = page.get_by_role("radio", name=part.name, exact=True)
            if len(each.parts) == 1 or not await radio.is_visible():
                spent.append(await open_page(page, each.title))
            else:
                spent.append(await open_part(page, part.name))
        if part.filters:
            name = chance.choice(part.filters)
            spent.append(await change(page, name, chance))
            if await page.get_by_role("option").first.is_visible():
                lost.append(f"{each.title}: {part.name}, {WORDS[name]}")
                # An open list hides all else from whoever asks by role.
                await page.keyboard.press("Escape")
    return spent


async def together(browser: Browser, address: str, people: int, seconds: int) -> dict:
    """So many people who click at once for so long."""
    errors: list[str] = []
    lost: list[str] = []
    pages = [await visitor(browser, errors) for _ in range(people)]
    await asyncio.gather(*(took(page, lambda p=page: p.goto(address), runs=0) for page in pages))
    until = time.perf_counter() + seconds
    clicks = await asyncio.gather(
        *(click_around(page, random.Random(n), until, lost) for n, page in enumerate(pages)),
        return_exceptions=True,
    )
    for page in pages:
        shown = page.locator("[data-testid=stException]").or_(page.get_by_text("can't be shown"))
        errors += await shown.all_inner_texts()
    errors += [repr(each) for each in clicks if isinstance(each, BaseException)]
    spent = [second for each in clicks if isinstance(each, list) for second in each]
    counts = {"errors": len(errors), "first": errors[:3], "clicks lost": len(lost)}
    return {"people": people, **summary(spent or [0.0]), **counts}


async def measure(options: argparse.Namespace) -> dict:
    """All measurements of one warehouse."""
    errors: list[str] = []
    with served(Path(os.environ["SHOPSTREAM_TEST_WAREHOUSE"]).resolve()) as (address, server):
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=chromium_path(), args=["--no-sandbox"]
            )
            first = await first_page(browser, address, errors)
            cold = [await first_page(browser, address, errors) for _ in range(options.cold)]
            found = {
                "first page, server just started": round(first, 3),
                "first page, cold session": summary(cold),
                "warm": await warm(browser, address, options.times, errors),
                "memory of the server, MB": memory(server.pid),
            }
            found["errors"] = len(errors)
            found["at once"] = await together(browser, address, options.people, options.seconds)
            found["memory of the server afterwards, MB"] = memory(server.pid)
            await browser.close()
    slow = {name: one["median"] for name, one in found["warm"].items() if one["median"] > 1}
    return found | {"medians above a second": slow}


def main() -> int:
    """Measure and print; 1 where a page failed, a click was lost or a median is above a second."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=20, help="warm measurements of each kind")
    parser.add_argument("--cold", type=int, default=5, help="cold sessions")
    parser.add_argument("--people", type=int, default=10, help="people who click at once")
    parser.add_argument("--seconds", type=int, default=120, help="how long they click")
    found = asyncio.run(measure(parser.parse_args()))
    print(json.dumps(found, indent=1, ensure_ascii=False))
    at_once = found["at once"]
    failed = found["errors"] or at_once["errors"] or at_once["clicks lost"]
    return 1 if failed or found["medians above a second"] else 0


if __name__ == "__main__":
    sys.exit(main())
