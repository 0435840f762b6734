"""A long walk: the address keeps what is chosen, and all figures are of what it holds."""

import datetime
import random

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard import browser, data, words
from dashboard.app import PAGES
from dashboard.filters import FILTERS
from dashboard.periods import OTHER_DATES, default_period, stored_periods
from dashboard.screens.products.explorer import ONE
from tests.dashboard.test_pages import ask, metrics

STEPS = 200
TYPED = ["", "samsung", "el", "no such name"]
NOBODY = -999999
SCRIPT = """
import streamlit as st
from dashboard.app import PAGES
from dashboard.browser import show
links = {page.path: page.path for page in PAGES}
show(next(page for page in PAGES if page.path == st.session_state["path"]), PAGES, links)
"""


class Walker:
    """A reader who clicks links and filters; `chosen` is what an address should then hold, `drawn`
    what the page shows."""

    def __init__(self, build, monkeypatch, seed: int):
        self.dice, self.chosen, self.links, self.drawn = random.Random(seed), {}, [], []
        self.build = build
        self.first, self.last = data.activity.whole(build)
        self.brands = data.products.brand_names(build)
        self.default = default_period(stored_periods(build)).words
        monkeypatch.setattr(
            st, "page_link", lambda path, query_params, **_: self.links.append((path, query_params))
        )
        draw = browser.draw
        monkeypatch.setattr(
            browser, "draw", lambda block, *rest: (self.drawn.append(block), draw(block, *rest))
        )
        self.page = AppTest.from_string(SCRIPT, default_timeout=60)
        self.go("overview", {})

    def go(self, path: str, parameters: dict) -> None:
        """Open an address, as a click on a link does."""
        self.page.session_state["path"] = path
        self.page.query_params.clear()
        self.page.query_params.update(parameters)
        self.run()

    def run(self) -> None:
        """Run the page; what it shows and links to is noted."""
        self.links.clear()
        self.drawn.clear()
        self.page.run()
        assert not self.page.exception

    @property
    def place(self) -> tuple[str, str]:
        """The page and the part that are open."""
        path = self.page.session_state["path"]
        parts = next(page.parts for page in PAGES if page.path == path)
        return path, listed(self.page.query_params.get("part", parts[0].name))[0]

    def step(self) -> str:
        """Follow a link, open another part, name dates, type, choose something, or undo it all."""
        boxes = [box for box in self.page.selectbox if box.key in ("period", *FILTERS)]
        dice = self.dice.random()
        if dice < 0.3 or not boxes:
            path, parameters = self.dice.choice(self.links)
            # A finding also sets what its chart needs; what a link leaves out still holds.
            for name in ["period", *sorted(set(parameters) - {"part", "period"})]:
                if name in parameters:
                    self.note(name, listed(parameters[name]))
            self.go(path, parameters)
            return f"link to {path} {parameters}"
        if dice < 0.5 and self.page.segmented_control:
            control = self.page.segmented_control(key="part")
            part = self.dice.choice(control.options)
            control.set_value(part)
            self.run()
            return f"part {part}"
        if dice < 0.6:
            return self.name_dates()
        if dice < 0.65 and self.page.text_input and self.page.text_input[0].key == "find":
            value = self.dice.choice(TYPED)
            self.page.text_input(key="find").set_value(value)
            self.note("find", [value])
            self.run()
            return f"find {value}"
        if dice < 0.67:
            next(each for each in self.page.button if each.label == "Reset").click()
            self.chosen.clear()
            self.run()
            return "reset"
        return self.choose(self.dice.choice(boxes))

    def name_dates(self) -> str:
        """Open the same page with any dates in its address."""
        days = (self.last - self.first).days
        found = sorted(self.dice.choices(range(days + 1), k=2))
        dates = [(self.first + datetime.timedelta(days=each)).isoformat() for each in found]
        path, part = self.place
        self.chosen |= {"period": [OTHER_DATES], "dates": dates}
        self.go(path, {"part": part, **self.chosen})
        return f"dates {dates}"

    def choose(self, box) -> str:
        """Choose a value of a box, any but other dates."""
        names = ["All brands", *self.brands] if box.key == "brand" else box.options
        value = self.dice.choice([each for each in names if each != OTHER_DATES])
        self.note(box.key, [value])
        box.set_value(value)
        self.run()
        if box.key == "retention" and self.page.selectbox(key="cohort").value == "all dates":
            # Not every retention has the cohort that was chosen.
            self.chosen.pop("cohort", None)
        return f"{box.key}: {value}"

    def note(self, name: str, values: list[str]) -> None:
        """Note what is chosen now; the address leaves defaults out."""
        if name == "period" and values != [OTHER_DATES]:
            self.chosen.pop("dates", None)
        defaults = {"period": self.default, "dates": ""}
        default = defaults[name] if name in defaults else FILTERS[name].default(self.build)
        self.chosen.pop(name, None)
        if values != [default]:
            self.chosen[name] = values

    def address(self) -> dict[str, list[str]]:
        """What the address holds but the part of the page."""
        held = {name: listed(value) for name, value in self.page.query_params.items()}
        return {name: value for name, value in held.items() if name != "part"}

    def table(self, begin: str):
        """The rows of the block whose title begins so."""
        return next(b.rows for b in self.drawn if getattr(b, "title", "").startswith(begin))


def listed(value) -> list[str]:
    """All values of a parameter, as it is given."""
    return list(value) if isinstance(value, list | tuple) else [value]


class Store:
    """What SQL over the core marts says of the state that an address names."""

    def __init__(self, warehouse, walker: Walker):
        self.warehouse = warehouse
        asked = {name: values[0] for name, values in walker.address().items()}
        self.category, self.brand = asked.get("category"), asked.get("brand")
        self.segment, self.asked = asked.get("segment"), asked
        self.dates = dates_of(walker)

    def ask(self, select: str, table: str, day: str, *conditions: str) -> list[float]:
        """One row of sums and counts over the dates; 0 where there is nothing to add up."""
        first, last = self.dates
        among = " and ".join([f"{day} between '{first}' and '{last}'", *conditions])
        found = ask(self.warehouse, f"select {select} from {table} where {among}")
        return [float(each or 0) for each in found]

    def narrow(self, brand: bool = True, category: bool = True) -> list[str]:
        """The conditions of the chosen category and brand."""
        found = [f"brand = '{self.brand}'"] if brand and self.brand else []
        if category and self.category:
            code = f"'{self.category}'"
            found.append(f"(category_code = {code} or category_code like {code} || '.%')")
        return found

    def cards(self) -> list[str]:
        """The six figures of the Overview, as they are written."""
        if self.category or self.brand:
            revenue, purchases, views = self.ask(
                "sum(revenue), sum(total_purchases), sum(total_views)",
                "daily_categories_brands",
                "event_date",
                *self.narrow(),
            )
            (everything,) = self.ask("sum(price)", BOUGHT, "event_date")
            found = (
                (revenue, "money"),
                (share(revenue, everything, 100), "percent"),
                (purchases, ""),
                (views, ""),
                (share(purchases, views, 100), "percent"),
                (share(revenue, purchases), "money"),
            )
        else:
            found = self.store()
        return [words.in_unit(value, unit, "$") for value, unit in found]

    def store(self) -> tuple:
        """The figures of all the store, or of one segment."""
        of_segment = [f"user_segment = '{self.segment}'"] if self.segment else []
        orders, sessions, spent = self.ask(
            "count(*) filter (has_purchased), count(*), sum(s.total_spent) filter (has_purchased)",
            "dim_sessions as s join dim_users as u using (user_id)",
            "session_date",
            *of_segment,
        )
        users, buyers, known = self.ask(
            f"""count(distinct user_id) filter (user_id <> {NOBODY}),
            count(distinct user_id) filter (user_id <> {NOBODY} and event_type = 'purchase'),
            sum(price) filter (user_id <> {NOBODY} and event_type = 'purchase')""",
            "fct_events join dim_users using (user_id)",
            "event_date",
            *of_segment,
        )
        (revenue,) = self.ask("sum(price)", BOUGHT, "event_date")
        # Sessions of a segment are on the date of their start, with all that they brought.
        revenue, known = (spent, spent) if self.segment else (revenue, known)
        return (
            (revenue, "money"),
            (orders, ""),
            (share(orders, sessions, 100), "percent"),
            (share(spent, orders), "money"),
            (users, ""),
            (share(known, buyers), "money"),
        )


BOUGHT = "(select * from fct_events where event_type = 'purchase')"


def share(part: float, whole: float, scale: float = 1) -> float:
    """A ratio; unknown over nothing."""
    return scale * part / whole if whole else float("nan")


def dates_of(walker: Walker) -> tuple[datetime.date, datetime.date]:
    """The dates that an address names, by the calendar."""
    asked = walker.address()
    if "dates" in asked:
        return tuple(map(datetime.date.fromisoformat, (asked["dates"][0], asked["dates"][-1])))
    name = asked.get("period", [walker.default])[0]
    first, last = walker.first, walker.last
    if name == "Last 7 days":
        first = last - datetime.timedelta(days=6)
    elif name == "Month to date":
        first = last.replace(day=1)
    elif name == "Last month":
        last = last.replace(day=1) - datetime.timedelta(days=1)
        first = max(first, last.replace(day=1))
    elif name.startswith("Week of "):
        monday = datetime.datetime.strptime(name, "Week of %d %b %Y").date()
        first, last = max(first, monday), min(last, monday + datetime.timedelta(days=6))
    elif name != "All dates":
        begin = datetime.datetime.strptime(name, "%B %Y").date()
        end = (begin + datetime.timedelta(days=31)).replace(day=1) - datetime.timedelta(days=1)
        first, last = max(first, begin), min(last, end)
    return first, last


def overview(walker: Walker, store: Store) -> None:
    """The cards, and the revenue by day."""
    assert list(metrics(walker.page).values()) == store.cards()
    if walker.place == ("overview", "Now") and not {"week", "month"} & set(store.asked.values()):
        drawn = walker.table("Revenue by")["revenue"].sum()
        assert words.number(drawn, "$") == store.cards()[0]


def group(walker: Walker, store: Store) -> None:
    """The cards of a brand or category, where one is chosen."""
    expected = store.cards() if store.category or store.brand else []
    assert list(metrics(walker.page).values()) == expected


def sellers(walker: Walker, store: Store) -> None:
    """Products by revenue, and brands."""
    among = " and ".join(["product_id <> -1", *store.narrow()])
    (sold,) = store.ask(
        "sum(price)", f"{BOUGHT} join dim_products using (product_id)", "event_date", among
    )
    rows = walker.table("Top products")
    # The chart has the best hundred.
    drawn = rows["revenue"].sum()
    assert drawn == pytest.approx(sold) or (len(rows) == 100 and 0 < drawn < sold)
    (revenue,) = store.ask(
        "sum(revenue)", "daily_categories_brands", "event_date", *store.narrow(brand=False)
    )
    assert walker.table("Revenue by brand")["revenue"].sum() == pytest.approx(revenue)


def explorer(walker: Walker, store: Store) -> None:
    """How many there are of what is looked up, and what they brought."""
    kind = store.asked.get("kind", "products")
    find = store.asked.get("find", "")
    if kind == "products":
        table = "fct_events as e join dim_products as p on p.product_id = e.product_id"
        key, revenue = "e.product_id", "sum(price) filter (event_type = 'purchase')"
        name = "concat_ws(' ', e.product_id, brand, category_code)"
        known = ["e.product_id <> -1"]
    else:
        table, known = "daily_categories_brands", []
        key = name = "brand" if kind == "brands" else "category_code"
        revenue = "sum(revenue)"
    how_many, brought = store.ask(
        f"count(distinct {key}), {revenue}",
        table,
        "event_date",
        *known,
        *store.narrow(),
        f"contains(lower({name}), '{find}')",
    )
    block = next(each for each in walker.drawn if each.title.endswith(" looked at"))
    named = ONE[kind] if how_many == 1 else kind
    assert block.title == f"{how_many:,.0f} {named} looked at"
    assert block.all_rows()["revenue"].sum() == pytest.approx(brought)


def prices(walker: Walker, store: Store) -> None:
    """Views and purchases by price."""
    sums = "sum(total_views), sum(total_purchases)"
    expected = store.ask(sums, "daily_categories_brands", "event_date", *store.narrow())
    rows = walker.table("Conversion by price")
    assert rows[["views", "purchases"]].sum().tolist() == pytest.approx(expected)


def sessions(walker: Walker, store: Store) -> None:
    """Sessions and orders by duration."""
    expected = store.ask(
        "count(*), count(*) filter (has_purchased)",
        "dim_sessions join dim_users using (user_id)",
        "session_date",
        *([f"user_segment = '{store.segment}'"] if store.segment else []),
    )
    rows = walker.table("How long sessions last")
    assert rows[["sessions", "orders"]].sum().tolist() == expected


def hours(walker: Walker, store: Store) -> None:
    """The measure by hour."""
    measure = store.asked.get("measure", "revenue")
    weekday = store.asked.get("weekday", "").removesuffix("s")
    counted = {
        "revenue": "sum(price) filter (event_type = 'purchase')",
        "purchases": "count(*) filter (event_type = 'purchase')",
        "views": "count(*) filter (event_type = 'view')",
        "events": "count(*)",
    }
    among = [f"dayname(event_date) = '{weekday}'"] if weekday else []
    (expected,) = store.ask(counted[measure], "fct_events", "event_date", *among)
    column = measure if measure == "revenue" else f"total_{measure}"
    assert walker.table(f"{measure.capitalize()} by hour")[column].sum() == pytest.approx(expected)


def days(walker: Walker, store: Store) -> None:
    """The judged figure of each day, where it adds up."""
    judged = store.asked.get("judged", "revenue")
    expected = {
        "revenue": store.ask("sum(price)", BOUGHT, "event_date"),
        "orders": store.ask("count(*)", "dim_sessions", "session_date", "has_purchased"),
    }
    block = next(each for each in walker.drawn if f"by {judged}" in getattr(each, "title", ""))
    if judged in expected:
        assert [block.rows["value"].sum()] == pytest.approx(expected[judged])


CHECKS = {
    ("overview", "Now"): overview,
    ("products", "Brand or category"): group,
    ("products", "Sellers"): sellers,
    ("products", "Explorer"): explorer,
    ("products", "Prices"): prices,
    ("users", "Sessions"): sessions,
    ("time", "Hours"): hours,
    ("time", "Days"): days,
}


def test_a_walk_of_200_clicks_shows_what_sql_says_of_the_state_in_the_address(
    shown, warehouse, monkeypatch
):
    walker = Walker(shown, monkeypatch, seed=1)
    walked, checked = [], set()
    for _ in range(STEPS):
        walked.append(walker.step())
        assert walker.address() == walker.chosen, walked[-3:]
        if check := CHECKS.get(walker.place):
            try:
                check(walker, Store(warehouse, walker))
            except AssertionError as error:
                raise AssertionError(f"{walker.place}, {walker.address()}: {error}") from error
            checked.add(walker.place)
    assert checked == set(CHECKS)
