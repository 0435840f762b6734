"""Charts of one product: its revenue, its price, what is bought with it."""

from dashboard import charts, data
from dashboard.blocks import Chart, Table
from dashboard.money import needs_prices
from dashboard.words import day, with_sign


def chosen(view) -> int | None:
    """The number of the chosen product; None where none, or no number, is typed in."""
    typed = (view.chosen("item") or "").strip()
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else None


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
