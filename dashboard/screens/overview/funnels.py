"""From view to purchase: one funnel, and the same under each definition."""

from dashboard import charts, data
from dashboard.blocks import Chart, Empty, Table
from dashboard.words import number

DEFINITIONS = {
    # choice: definition in the mart, title
    "sessions, in order": (
        "sessions_ordered",
        "In {} of sessions, a viewed product is carted and bought",
    ),
    "sessions, any order": ("sessions_any_order", "{} of all sessions have a purchase"),
    "visitors": ("users", "{} of all visitors buy"),
    "events": ("events", "Purchases are {} of views"),
}
# Which no funnel follows.
FILTERS = ("category", "brand", "segment")


def funnel(build, view):
    rows = data.ranges.funnels(build, *view.dates, view.period.stored)
    words = view.choices["funnel"]
    definition, title = DEFINITIONS[words]
    rows = rows[rows["definition"] == definition]
    if rows.empty or not rows["viewed"].iloc[0]:
        yield Empty("The funnel is empty", f"There is nothing to count in {view.period.words}.")
        return
    one = rows.iloc[0]
    steps = {"viewed": one.viewed, "then carted": one.carted, "then bought": one.purchased}
    notes = ["", left(one.view_to_cart, "cart nothing"), left(one.cart_to_purchase, "don't buy")]
    yield Chart(
        title.format(number(one.overall, "%")) + view.beyond(*FILTERS),
        charts.funnel(steps, notes, {"without a cart": one.purchases_without_cart}),
        rows,
        f"{view.within()} Counted in {words}. Grey: bought without a cart. From funnels.",
        metric=f"conversion_{definition}",
    )


def left(share: float, what: str) -> str:
    """How many of the step above go on and how many don't; nothing where there are none."""
    if share != share:
        return ""
    return f"{number(share, '%')} go on, {number(100 - share, '%')} {what}"


def conversions(build, view):
    rows = data.ranges.funnels(build, *view.dates, view.period.stored)
    rows["counted_in"] = rows["definition"].map(
        {definition: words for words, (definition, _) in DEFINITIONS.items()}
    )
    steps = ("viewed", "carted", "purchased", "view_to_cart", "cart_to_purchase")
    overall = ("purchases_without_cart", "overall", "denominator", "of_sessions")
    columns = ("counted_in", *steps, *overall)
    caption = (
        f"{view.within()} Each step is a part of the one before; overall also counts purchases "
        "without a cart, except in order. From funnels."
    )
    title = f"The same funnel, by definition{view.beyond(*FILTERS)}"
    yield Table(title, rows, caption, columns)
