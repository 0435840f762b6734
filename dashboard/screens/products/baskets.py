"""What goes together, and what is left in the cart?"""

from dashboard import charts, data
from dashboard.blocks import Chart, Part, Table


def affinity(build, view):
    words = view.choices["pairs"]
    kind, basket = words.split()
    rows = data.products.affinity(build, "product" if kind == "products" else "category", basket)
    columns = (
        "label_a",
        "label_b",
        "baskets",
        "lift",
        "confidence_a_to_b",
        "confidence_b_to_a",
    )
    caption = (
        "All dates, the strongest of pairs first: common, and with a high lift, which is how many "
        "times more often than by chance. From product_affinity."
    )
    yield Table(f"{words.capitalize()} together", rows, caption, columns)


def left(build, view):
    rows = data.products.carts(build, *view.dates, view.chosen("category"))
    rows["left"] = (100 * rows["abandoned"] / rows["carted"]).map("{:.0f} % left".format)
    figure = charts.bars(rows, "category", "abandoned_value", unit=view.sign, extra="left", most=8)
    caption = "Carted and never bought by that user, by last cart price. From cart_outcomes."
    caption = f"{view.within('category')} {caption}"
    yield Chart("Value left in carts", figure, rows, caption, metric="abandoned_value")


def outcomes(build, view):
    rows = data.products.carts(build, *view.dates, view.chosen("category")).head(8)
    figure = charts.stacked(
        rows,
        "category",
        charts.OUTCOME_COLOURS,
        "carted",
        words="share of carted products",
    )
    caption = f"{view.within('category')} The same categories. From cart_outcomes."
    yield Chart("What became of carts", figure, rows, caption, metric="cart_abandonment")


PART = Part(
    "Baskets",
    "What goes together, and what is left in the cart?",
    ((affinity,), (left, outcomes)),
    ("period", "category", "pairs"),
)
