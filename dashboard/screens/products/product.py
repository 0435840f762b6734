"""One product: how it sells, its price, its carts, what is bought with it."""

from dashboard import charts, data
from dashboard.blocks import Card, Cards, Chart, Empty, Part, Table
from dashboard.money import needs_prices
from dashboard.words import day, in_unit, number, with_sign


def chosen(view) -> int | None:
    """The number of the chosen product; None where none, or no number, is typed in."""
    typed = (view.chosen("item") or "").strip()
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else None


def overview(build, view):
    item = chosen(view)
    found = data.explorer.product(build, item) if item else None
    if found is None:
        words = "Choose one in Explorer, or type its number into the filter."
        yield Empty(f"There is no product {item}" if item else "No product is chosen", words)
        return
    days = data.explorer.product_days(build, item, *view.dates)
    carts = data.explorer.product_carts(build, item, *view.dates)
    sums = days.drop(columns="event_date").sum()
    left = 100 * carts["abandoned"] / carts["decided"] if carts["decided"] else None
    bought = 100 * sums["total_purchases"] / sums["total_views"] if sums["total_views"] else None
    brand = data.products.brand_titles(build).get(found["brand"], found["brand"])
    cards = (
        Card(
            "Revenue",
            number(sums["revenue"], view.sign),
            "Sum of price x quantity of its purchases.",
            of_money=True,
        ),
        Card("Purchases", number(sums["total_purchases"]), "Events of type purchase."),
        Card("Views", number(sums["total_views"]), "Events of type view."),
        Card("Purchases / views", number(bought, "%"), "Purchases divided by views."),
        Card("Carts left", number(left, "%"), "Neither bought nor removed, of those decided."),
        Card(
            "Price now",
            in_unit(found["last_price"], "money", view.sign),
            "Its last price.",
            of_money=True,
        ),
    )
    yield Cards(cards, f"{brand} {item}, {found['category_code']}. {view.within()}")


@needs_prices
def revenue(build, view):
    item = chosen(view)
    found = data.explorer.product(build, item) if item else None
    if found is None:
        return
    brand = data.products.brand_titles(build).get(found["brand"], found["brand"])
    days = data.explorer.product_days(build, item, *view.dates)
    figure = charts.by_period(
        days, "event_date", "revenue", words=with_sign("revenue", view.sign), unit=view.sign
    )
    caption = f"{view.within()} From daily_products."
    yield Chart(f"Revenue of {brand} {item} by day", figure, days, caption)


@needs_prices
def prices(build, view):
    rows = data.explorer.price_history(build, chosen(view) or -1)
    if rows.empty:
        return
    figure = charts.steps(rows, "valid_from", "price", with_sign("price", view.sign), view.sign)
    title = f"Its price since {day(rows['valid_from'].iloc[0])}{view.beyond('period')}"
    yield Chart(title, figure, rows, "All dates. From product_history.")


def together(build, view):
    item = chosen(view)
    if not item or data.explorer.product(build, item) is None:
        return
    rows = data.explorer.bought_together(build, item)
    caption = "All dates. Lift: how many times as often as by chance. From product_affinity."
    title = f"Bought with it{view.beyond('period')}"
    yield Table(title, rows, caption, ("product", "baskets", "lift"))


PART = Part(
    "Product",
    "How does this product sell?",
    ((overview,), (revenue,), (prices, together)),
    ("period", "item"),
)
