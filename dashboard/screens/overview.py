"""Overview: what happened, compared with what."""

from dashboard import charts, data, insights
from dashboard.components import Card, Cards, Chart, Empty, Findings, Page, Table, natural_end

FIGURES = [
    # name, column of period_activity, metric, is money
    ("Revenue", "revenue", "revenue", True),
    ("Purchases", "total_purchases", "purchases", False),
    ("Sessions", "sessions", "sessions", False),
    ("Users", "users", "users", False),
    ("Customer value", "revenue_per_buyer", "revenue_per_buyer", True),
    ("Views", "total_views", "views", False),
    ("Events", "total_events", "events", False),
]
NOT_HERE = "Users and customer value can't be added up over days: choose a day, week, month or all."
FUNNELS = {
    "events": ("events", "Purchases are {} of views"),
    "sessions, any order": ("sessions_any_order", "{} of all sessions have a purchase"),
    "sessions, in order": ("sessions_ordered", "{} of sessions view, cart and buy a product"),
    "users": ("users", "{} of all users buy"),
}


def figures(build, period):
    """All figures of a period; only those that add up over days where it is not a stored one."""
    held = data.activity(build, *period.stored) if period.stored else None
    return data.added_up(build, period.first, period.last) if held is None else held


def cards(build, view):
    period, sign = view.period, view.display.sign
    now, then = figures(build, period), period.before and figures(build, period.before)
    trails = data.series(build, "day", period.first, period.last)
    words = data.definitions(build)
    made = []
    for name, column, metric, is_money in FIGURES:
        value = now.get(column)
        change = None
        if then is not None and then.get(column) and value is not None:
            change = 100 * (float(value) / float(then[column]) - 1)
        trail = tuple(trails[column].fillna(0).astype(float)) if value is not None else ()
        text = charts.number(value, sign if is_money else "")
        made.append(Card(name, text, words.get(metric, ""), change, trail))
    made.append(products_card(build, period, words))
    against = f"Changes are against {period.before.words}." if period.before else ""
    yield Cards(tuple(made), "" if period.stored else NOT_HERE, against)


def products_card(build, period, words):
    count = data.distinct_products(build, period.first, period.last)
    trail = tuple(data.products_by_day(build, period.first, period.last)["products"].astype(float))
    change = None
    if period.before:
        then = data.distinct_products(build, period.before.first, period.before.last)
        change = 100 * (count / then - 1) if then else None
    return Card("Products", charts.number(count), words.get("products", ""), change, trail)


def findings(build, view):
    found = insights.all_insights(build, view)
    otherwise = "Too few orders in these dates to say anything with confidence."
    yield Findings("What stands out", tuple(i.shown for i in found[:5]), otherwise)


def revenue(build, view):
    grain = view.choices["grain"]
    rows = data.series(build, grain, view.period.first, view.period.last)
    whole = [
        natural_end(grain, start.date()) <= end.date() and start.date() >= view.period.first
        for start, end in zip(rows["period_start"], rows["period_end"], strict=True)
    ]
    figure = charts.by_period(rows, "period_start", "revenue", words="revenue", whole=whole)
    pale = "" if all(whole) else f" A pale bar is a {grain} only partly in these dates or the data."
    yield Chart(
        f"Revenue by {grain}",
        figure,
        rows,
        f"Sum of price over purchases, by UTC date of the event.{pale} From period_activity.",
    )


def funnel(build, view):
    if not view.period.stored:
        yield Empty("The funnel is not shown", f"It is exact for stored periods only. {NOT_HERE}")
        return
    rows = data.funnels(build, *view.period.stored)
    words = view.choices["funnel"]
    definition, sentence = FUNNELS[words]
    one = rows[rows["definition"] == definition]
    if one.empty:
        yield Chart(f"Funnel of {words}", charts.nothing(), rows, "From funnels.")
        return
    one = one.iloc[0]
    to_cart, to_purchase = (
        charts.number(one[c], "%") for c in ("view_to_cart", "cart_to_purchase")
    )
    notes = ["", f"{to_cart} of viewed", f"{to_purchase} of carted"]
    steps = {"viewed": one.viewed, "carted": one.carted, "purchased": one.purchased}
    caption = f"{view.period.words}. Purchased without a cart: {one.purchases_without_cart:,.0f}."
    title = sentence.format(charts.number(one.overall, "%"))
    caption = f"Definition: {words}. {caption} From funnels."
    yield Chart(title, charts.funnel(steps, notes), rows, caption)


def conversions(build, view):
    if not view.period.stored:
        return
    rows = data.funnels(build, *view.period.stored)
    columns = {
        "definition": ("definition", "text"),
        "viewed": ("viewed", "number"),
        "carted": ("carted", "number"),
        "purchased": ("purchased", "number"),
        "view_to_cart": ("view → cart", "percent"),
        "cart_to_purchase": ("cart → buy", "percent"),
        "overall": ("overall", "percent"),
    }
    shown = rows.assign(definition=rows["definition"].str.replace("_", " "))
    yield Table("The same funnel, by definition", shown, "From funnels.", columns)


def summary(build, view):
    columns = {
        "label": ("metric", "text"),
        "shown": ("value", "text"),
        "insight": ("insight", "text"),
        "definition": ("definition", "text"),
        "unit": ("unit", "text"),
    }
    rows = data.metric_values(build)
    units = rows["unit"].map({"percent": "%", "money": view.display.sign}).fillna("")
    rows["shown"] = [
        charts.duration(value) if unit == "seconds" else charts.number(value, sign)
        for value, unit, sign in zip(rows["value"], rows["unit"], units, strict=True)
    ]
    rows["insight"] = rows["metric_name"].map(insights.by_metric(build, view)).fillna("")
    yield Table("All metrics", rows, "Over all dates. From metric_values.", columns)


PAGE = Page(
    "Overview",
    "overview",
    "How is the store doing?",
    ((cards,), (findings,), (revenue,), (funnel, conversions), (summary,)),
    ("period", "grain", "funnel"),
)
