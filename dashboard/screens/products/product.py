"""One product: how it sells; its charts are in of_product.py."""

from dashboard import data
from dashboard.blocks import Card, Cards, Empty, Part
from dashboard.screens.products.of_product import chosen, prices, revenue, together
from dashboard.words import in_unit, number


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


PART = Part(
    "Product",
    "How does this product sell?",
    ((overview,), (revenue,), (prices, together)),
    ("period", "item"),
    ("category", "brand", "segment"),
)
