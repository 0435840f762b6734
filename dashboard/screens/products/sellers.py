"""What brings the revenue? Products, brands, categories."""

from dashboard import charts, data
from dashboard.blocks import Chart, Part
from dashboard.filters import FILTERS
from dashboard.money import needs_prices
from dashboard.words import number


@needs_prices
def top_products(build, view):
    category, brand = view.chosen("category"), view.chosen("brand")
    rows = data.products.top_products(build, *view.dates, category, brand)
    rows["product"] = data.products.product_names(build, rows)
    figure = charts.bars(rows, "product", "revenue", unit=view.sign)
    caption = "Brand and category as of the product's latest event. From daily_products."
    caption = f"{view.within('category', 'brand')} {caption}"
    yield Chart("Top products by revenue", figure, rows, caption, metric="revenue")


@needs_prices
def brands(build, view):
    rows = data.products.brands(build, *view.dates, view.chosen("category"))
    rows["share"] = rows["revenue_share"].map(lambda share: number(share, "%"))
    rows["title"] = data.products.titled(build, rows["brand"])
    drawn = {"unit": view.sign, "extra": "share", "most": 8, "gives": "brand"}
    figure = charts.bars(rows, "title", "revenue", **drawn)
    caption = "Click a bar to choose its brand. From daily_categories_brands."
    caption = f"{view.within('category')} {caption}"
    title = f"Revenue by brand, and its share{view.beyond('brand')}"
    yield Chart(title, figure, rows, caption, sets="brand", metric="revenue")


@needs_prices
def tree(build, view):
    rows = data.products.category_tree(build, *view.dates)
    everything = FILTERS["category"].everything
    first = data.products.first_categories(build)
    figure = charts.tree(rows, view.sign, view.chosen("category"), everything, first)
    caption = "Click a tile to choose its category. From category_levels."
    caption = f"{view.within()} {caption}"
    title = f"Revenue by category{view.beyond('category', 'brand')}"
    yield Chart(title, figure, rows, caption, sets="category", metric="revenue")


PART = Part(
    "Sellers",
    "What brings the revenue?",
    ((top_products,), (brands, tree)),
    ("period", "category", "brand"),
)
