"""Products: which products, brands, categories and prices bring the revenue."""

from dashboard import charts, data
from dashboard.components import Chart, Page, Table

# A conversion of fewer views than this is too thin to draw.
FEWEST_VIEWS = 50


def scope(view):
    """The chosen dates, category and brand."""
    period = view.period
    return period.first, period.last, view.chosen("category"), view.chosen("brand")


def filtered(view):
    """The chosen dates and filters in words."""
    return ", ".join(filter(None, [view.period.words, *scope(view)[2:]]))


def top_products(build, view):
    rows = data.top_products(build, *scope(view))
    rows["product"] = rows["brand"] + " " + rows["product_id"].astype(str)
    figure = charts.bars(rows, "product", "revenue", unit=view.display.sign)
    caption = "Brand and category as of the product's latest event. From daily_products."
    yield Chart("Top products by revenue", figure, rows, f"{filtered(view)}. {caption}")


def brands(build, view):
    first, last, category, _ = scope(view)
    rows = data.brands(build, first, last, category)
    rows["share"] = rows["revenue_share"].map(lambda share: charts.number(share, "%"))
    sign = view.display.sign
    figure = charts.bars(rows, "brand", "revenue", unit=sign, extra="share", most=8)
    words = ", ".join(filter(None, [view.period.words, category]))
    caption = f"{words}, all brands. Click a bar to choose its brand. From daily_categories_brands."
    yield Chart("Revenue by brand, and its share", figure, rows, caption, sets="brand")


def tree(build, view):
    rows = data.category_tree(build, view.period.first, view.period.last)
    caption = f"{view.period.words}, all brands. Click a tile to open it. From category_levels."
    yield Chart("Revenue by category", charts.tree(rows, view.display.sign), rows, caption)


def prices(build, view):
    rows = data.price_and_conversion(build, *scope(view))
    figure = charts.bubbles(rows, view.display.sign, FEWEST_VIEWS)
    caption = (
        f"{filtered(view)}. Mean price over all events; size is revenue; only with {FEWEST_VIEWS} "
        "views or more. From daily_categories_brands."
    )
    yield Chart("Does a higher price convert less?", figure, rows, caption)


def bands(build, view):
    rows = data.price_bands(build, *scope(view))
    figure = charts.columns(
        rows, "price_band", "conversion", words="purchases / views (%)", unit="%"
    )
    caption = f"{filtered(view)}. From daily_categories_brands."
    yield Chart("Conversion by price", figure, rows, caption)


def relative_bands(build, view):
    rows = data.relative_price_bands(build, view.chosen("category"))
    figure = charts.columns(
        rows, "relative_band", "conversion", words="purchases / views (%)", unit="%"
    )
    words = view.chosen("category") or "all categories"
    caption = f"All dates, {words}. By mean price of the product. From relative_price_bands."
    yield Chart("Conversion by price within the category", figure, rows, caption)


def affinity(build, view):
    kind, basket = view.choices["pairs"].split()
    kind = "product" if kind == "products" else "category"
    rows = data.affinity(build, kind, basket)
    columns = {
        "label_a": ("one", "text"),
        "label_b": ("other", "text"),
        "baskets": ("sessions with both", "number"),
        "lift": ("lift", "decimal"),
        "confidence_a_to_b": ("other, given one", "percent"),
        "confidence_b_to_a": ("one, given other", "percent"),
    }
    title = f"{view.choices['pairs'].capitalize()} together"
    caption = "All dates. Lift: how many times more often than by chance. From product_affinity."
    yield Table(title, rows, caption, columns)


def carts(build, view):
    first, last, category, _ = scope(view)
    rows = data.carts(build, first, last, category)
    rows["left"] = (100 * rows["abandoned"] / rows["carted"]).map("{:.0f} % left".format)
    sign = view.display.sign
    figure = charts.bars(rows, "category", "abandoned_value", unit=sign, extra="left", most=8)
    caption = "Carted and never bought by that user, by last cart price. From cart_outcomes."
    yield Chart("Value left in carts", figure, rows, f"{view.period.words}. {caption}")


PAGE = Page(
    "Products",
    "products",
    "What brings the revenue?",
    ((top_products,), (brands, tree), (prices, bands), (carts, relative_bands), (affinity,)),
    ("period", "category", "brand", "pairs"),
)
