"""Does the price decide? Conversion by price; how prices move is in price_moves.py."""

from dashboard import charts, data
from dashboard.blocks import Chart, Part
from dashboard.money import needs_prices
from dashboard.screens.products.price_moves import by_type, changes
from dashboard.words import with_sign

# A conversion of fewer views than this is too thin to draw.
FEWEST_VIEWS = 50
CONVERSION = {"words": "purchases / views (%)", "unit": "%", "of": "views"}


@needs_prices
def prices(build, view):
    category, brand = view.chosen("category"), view.chosen("brand")
    rows = data.products.price_and_conversion(build, *view.dates, category, brand)
    caption = (
        f"{view.within('category', 'brand')} Average price over events with one; size is revenue; "
        f"only with {FEWEST_VIEWS} views or more. Click a bubble to choose it. "
        "From daily_categories_brands."
    )
    rows["title"] = data.products.titled(build, rows["name"])
    sets = "brand" if category and not brand else "category"
    figure = charts.bubbles(rows, view.sign, FEWEST_VIEWS)
    title = "Does a higher price convert less?"
    yield Chart(title, figure, rows, caption, sets=sets, metric="conversion_events")


@needs_prices
def bands(build, view):
    category, brand = view.chosen("category"), view.chosen("brand")
    rows = data.products.price_bands(build, *view.dates, category, brand)
    axis = with_sign("price", view.sign)
    least = {"fewest": view.display.fewest}
    figure = charts.columns(rows, "price_band", "conversion", **CONVERSION, **least, axis=axis)
    thin = view.thin(rows["views"], "views")
    caption = f"{view.within('category', 'brand')}{thin} From daily_categories_brands."
    yield Chart("Conversion by price", figure, rows, caption, metric="conversion_events")


@needs_prices
def relative_bands(build, view):
    rows = data.products.relative_price_bands(build, view.chosen("category"))
    least = {"fewest": view.display.fewest}
    figure = charts.columns(rows, "relative_band", "conversion", **CONVERSION, **least)
    words = view.chosen("category") or "all categories"
    caption = (
        f"All dates, {words}, all brands.{view.thin(rows['views'], 'views')} "
        "By average price of the product. From relative_price_bands."
    )
    title = f"Conversion by price within the category{view.beyond('period', 'brand')}"
    yield Chart(title, figure, rows, caption, metric="conversion_events")


PART = Part(
    "Prices",
    "Does the price decide?",
    ((prices,), (bands, relative_bands), (by_type, changes)),
    ("period", "category", "brand"),
)
