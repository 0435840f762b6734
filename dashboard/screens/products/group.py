"""One brand or category, or a brand within one: how it sells, at what price, what goes with it."""

from functools import wraps

from dashboard import charts, data, figures
from dashboard.blocks import Chart, Empty, Part, Table
from dashboard.money import needs_prices
from dashboard.screens.overview.cards import cards
from dashboard.screens.overview.now import revenue
from dashboard.screens.products.baskets import abandoned, outcomes
from dashboard.screens.products.sellers import top_products
from dashboard.words import with_sign


def overview(build, view):
    if figures.of_products(view):
        yield from cards(build, view)
    else:
        words = "Choose one in the filters above, or click one in Explorer."
        yield Empty("No brand or category is chosen", words)


def of_chosen(section):
    """The section, where a brand or category is chosen: of all products other parts tell."""

    @wraps(section)
    def shown(build, view):
        if figures.of_products(view):
            yield from section(build, view)

    return shown


@needs_prices
def prices(build, view):
    category, brand = view.chosen("category"), view.chosen("brand")
    rows = data.products.price_days(build, *view.dates, category, brand)
    words = {"mean_price": "looked at", "paid": "bought"}
    axis = with_sign("average price", view.sign)
    figure = charts.lines(rows, "event_date", words, axis, unit=view.sign)
    caption = f"{view.within('category', 'brand')} Looked at: over events with one. "
    caption += "From daily_categories_brands."
    yield Chart("Average price by day", figure, rows, caption, metric="avg_purchase_price")


def together(build, view):
    category, brand = view.chosen("category"), view.chosen("brand")
    rows = data.explorer.pairs_of(build, category, brand)
    caption = "All dates. Products bought in one session, of which one or both are from here. "
    caption += "Lift: how many times as often as by chance. From product_affinity."
    title = f"Bought together{view.beyond('period')}"
    yield Table(title, rows, caption, ("label_a", "label_b", "baskets", "lift"))


PART = Part(
    "Brand or category",
    "How does this brand or category sell?",
    (
        (overview,),
        (of_chosen(revenue),),
        (of_chosen(prices), of_chosen(top_products)),
        (of_chosen(abandoned), of_chosen(outcomes)),
        (of_chosen(together),),
    ),
    ("period", "compare", "grain", "category", "brand"),
)
