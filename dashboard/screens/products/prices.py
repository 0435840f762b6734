"""Does the price decide? Conversion by price, and how prices move."""

from dashboard import charts, data
from dashboard.blocks import Chart, Part, Table
from dashboard.words import with_sign

# A conversion of fewer views than this is too thin to draw.
FEWEST_VIEWS = 50
CONVERSION = {"words": "purchases / views (%)", "unit": "%"}


def prices(build, view):
    category, brand = view.chosen("category"), view.chosen("brand")
    rows = data.products.price_and_conversion(build, *view.dates, category, brand)
    caption = (
        f"{view.within('category', 'brand')} Mean price over all events; size is revenue; only "
        f"with {FEWEST_VIEWS} views or more. Click a bubble to choose it. "
        "From daily_categories_brands."
    )
    sets = "brand" if category and not brand else "category"
    figure = charts.bubbles(rows, view.sign, FEWEST_VIEWS)
    title = "Does a higher price convert less?"
    yield Chart(title, figure, rows, caption, sets=sets, metric="conversion_events")


def bands(build, view):
    category, brand = view.chosen("category"), view.chosen("brand")
    rows = data.products.price_bands(build, *view.dates, category, brand)
    axis = with_sign("price", view.sign)
    figure = charts.columns(rows, "price_band", "conversion", **CONVERSION, axis=axis)
    caption = f"{view.within('category', 'brand')} From daily_categories_brands."
    yield Chart("Conversion by price", figure, rows, caption, metric="conversion_events")


def relative_bands(build, view):
    rows = data.products.relative_price_bands(build, view.chosen("category"))
    figure = charts.columns(rows, "relative_band", "conversion", **CONVERSION)
    words = view.chosen("category") or "all categories"
    caption = (
        f"All dates, {words}, all brands. By mean price of the product. From relative_price_bands."
    )
    title = "Conversion by price within the category"
    yield Chart(title, figure, rows, caption, metric="conversion_events")


def by_type(build, view):
    rows = data.activity.prices_by_type(build, *view.dates)
    shown = rows.pivot(index="event_date", columns="event_type", values="mean_price").reset_index()
    words = {"view": "viewed", "cart": "carted", "purchase": "purchased"}
    words = {name: word for name, word in words.items() if name in shown}
    colours = [charts.EVENT_COLOURS[name] for name in words]
    figure = charts.lines(shown, "event_date", words, with_sign("mean price", view.sign), colours)
    caption = f"{view.within()} All products. From daily_event_types."
    yield Chart("Mean price of what is viewed, carted and bought", figure, rows, caption)


def changes(build, view):
    rows = data.products.changed_most(build)
    rows["product"] = rows["brand"] + " " + rows["product_id"].astype(str)
    caption = "All dates, all products. Changes of price, brand or category. From product_history."
    columns = ("product", "changes", "lowest", "price_now", "highest")
    yield Table("Products that changed most", rows, caption, columns)


PART = Part(
    "Prices",
    "Does the price decide?",
    ((prices,), (bands, relative_bands), (by_type, changes)),
    ("period", "category", "brand"),
)
