"""What goes together, and what is left in the cart?"""

from dashboard import charts, data
from dashboard.blocks import Chart, Empty, Part, Table
from dashboard.money import needs_prices
from dashboard.words import day


def affinity(build, view):
    words = view.choices["pairs"]
    kind, basket = words.split()
    item = "product" if kind == "products" else "category"
    bond = view.choices["bond"]
    rows = data.products.affinity(build, item, basket, apart=bond == "apart")
    confidence = ("confidence_a_to_b", "confidence_b_to_a")
    columns = ("label_a", "label_b", "baskets", "lift", *confidence)
    caption = (
        "All dates, strongest first. Lift: how many times as often as by chance; above 1 "
        "together, below 1 apart. First → second: the share of sessions with the first that also "
        "have the second. From product_affinity."
    )
    title = f"{words.capitalize()} {bond}{view.beyond('period', 'category', 'brand')}"
    yield Table(title, rows, caption, columns)


@needs_prices
def abandoned(build, view):
    (first, last), until = view.dates, data.products.carts_decided_until(build)
    if until < first:
        words = f"A cart is left after {data.products.cart_horizon()} days: choose dates up to "
        yield Empty("These carts may still be bought", f"{words}{day(until)}.")
        return
    chosen = (view.chosen("category"), view.chosen("brand"))
    rows = data.products.decided_carts(build, first, last, *chosen)
    share = 100 * rows["abandoned"] / rows["decided"].where(rows["decided"] > 0)
    shares = "with the share of decided carts"
    if until < last:
        shares += f"; carts after {day(until)} may still be bought"
    rows["of_decided"] = share.map("{:.0f} %".format, na_action="ignore").fillna("undecided")
    figure = charts.bars(
        rows, "category", "abandoned_value", unit=view.sign, extra="of_decided", most=8
    )
    caption = (
        f"{view.within('category', 'brand')} Neither bought by that visitor nor removed within "
        f"{data.products.cart_horizon()} days, at the last price, {shares}. From cart_outcomes."
    )
    yield Chart("Value of abandoned carts", figure, rows, caption, metric="abandoned_value")


def outcomes(build, view):
    rows = data.products.carts(build, *view.dates, view.chosen("category"), view.chosen("brand"))
    rows = rows.head(8)
    figure = charts.stacked(
        rows, "category", charts.OUTCOME_COLOURS, "carted", words="share of carts"
    )
    caption = (
        f"{view.within('category', 'brand')} The same categories. A cart is of one visitor and "
        "product, until it is bought or removed. Undecided: less than "
        f"{data.products.cart_horizon()} days of data since. From cart_outcomes."
    )
    yield Chart("What became of carts", figure, rows, caption, metric="cart_abandonment")


PART = Part(
    "Baskets",
    "What goes together, and what is left in the cart?",
    ((affinity,), (abandoned, outcomes)),
    ("period", "category", "brand", "pairs", "bond"),
)
