"""How do prices move?"""

from dashboard import charts, data
from dashboard.blocks import Chart, Table
from dashboard.money import needs_prices
from dashboard.words import with_sign


@needs_prices
def by_type(build, view):
    rows = data.activity.prices_by_type(build, *view.dates)
    shown = rows.pivot(index="event_date", columns="event_type", values="mean_price").reset_index()
    words = {"view": "viewed", "cart": "carted", "purchase": "purchased"}
    words = {name: word for name, word in words.items() if name in shown}
    colours = [charts.EVENT_COLOURS[name] for name in words]
    figure = charts.lines(
        shown, "event_date", words, with_sign("average price", view.sign), colours, view.sign
    )
    caption = f"{view.within()} All products. From daily_event_types."
    title = "Average price of what is viewed, carted and bought"
    title += view.beyond("category", "brand")
    yield Chart(title, figure, rows, caption)


def changes(build, view):
    rows = data.products.changed_most(build)
    rows["product"] = data.products.product_names(build, rows)
    caption = "All dates, all products. Changes of price, brand or category. From product_history."
    columns = ("product", "changes", "lowest", "price_now", "highest")
    title = f"Products that changed most{view.beyond('period', 'category', 'brand')}"
    yield Table(title, rows, caption, columns)
