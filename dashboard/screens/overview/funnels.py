"""From view to purchase: one funnel, and the same under each definition."""

from dashboard import charts, data
from dashboard.blocks import Chart, Empty, Table
from dashboard.screens.overview.cards import NOT_HERE
from dashboard.words import number

DEFINITIONS = {
    # choice: definition in the mart, title
    "events": ("events", "Purchases are {} of views"),
    "sessions, any order": ("sessions_any_order", "{} of all sessions have a purchase"),
    "sessions, in order": ("sessions_ordered", "{} of sessions view, cart and buy a product"),
    "users": ("users", "{} of all users buy"),
}


def funnel(build, view):
    if not view.period.stored:
        yield Empty("The funnel is not shown", f"It is exact for stored periods only. {NOT_HERE}")
        return
    rows = data.activity.funnels(build, *view.period.stored)
    words = view.choices["funnel"]
    definition, title = DEFINITIONS[words]
    rows = rows[rows["definition"] == definition]
    if rows.empty:
        yield Empty("The funnel is empty", f"There is nothing to count in {view.period.words}.")
        return
    one = rows.iloc[0]
    steps = {"viewed": one.viewed, "carted": one.carted, "purchased": one.purchased}
    to_cart, to_purchase = number(one.view_to_cart, "%"), number(one.cart_to_purchase, "%")
    # A ratio and no share: some buy without a cart.
    notes = ["", f"carted / viewed {to_cart}", f"purchased / carted {to_purchase}"]
    yield Chart(
        title.format(number(one.overall, "%")),
        charts.funnel(steps, notes),
        rows,
        f"{view.within()} Counted in {words}. Purchased without a cart: "
        f"{one.purchases_without_cart:,.0f}. From funnels.",
        metric=f"conversion_{definition}",
    )


def conversions(build, view):
    if not view.period.stored:
        return
    rows = data.activity.funnels(build, *view.period.stored)
    rows["counted_in"] = rows["definition"].str.replace("_", " ")
    steps = ("viewed", "carted", "purchased", "view_to_cart", "cart_to_purchase", "overall")
    caption = f"{view.within()} From funnels."
    yield Table("The same funnel, by definition", rows, caption, ("counted_in", *steps))
