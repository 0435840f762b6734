"""Why did revenue change? Its factors, and who gained and lost most."""

import pandas as pd

from dashboard import charts, data, figures, why
from dashboard.blocks import Chart, Table, View
from dashboard.money import needs_prices
from dashboard.words import number

FILTERS = ("category", "brand", "segment")
# Of each kind, so many that moved revenue most.
MOST = 3
KINDS = ("brand", "product", "category", "segment")


@needs_prices
def factors(build, view):
    """What each factor made of the change, in a sentence and as bars."""
    if not view.before:
        return
    now, then = (figures.figures(build, View(), each) for each in (view.period, view.before))
    parts = why.split(now, then)
    if parts is None:
        return
    points = 100 * (float(now["revenue"]) / float(then["revenue"]) - 1)
    caption = (
        f"{view.within()} Against {view.before.said}. Revenue = visitors x sessions per visitor "
        "x orders per session x revenue per order; the parts add up to the change. From "
        "period_activity; revenue_drivers has the same by day, week and month."
    )
    figure = charts.changes(parts, "factor", "change", view.sign)
    title = why.sentence(parts, points, view.sign) + view.beyond(*FILTERS)
    yield Chart(title, figure, parts, caption, metric="revenue")


@needs_prices
def movers(build, view):
    """Brands, products, categories and segments whose revenue changed most."""
    if not view.before:
        return
    now, then = (kinds(build, each.first, each.last) for each in (view.period, view.before))
    found = [why.movers(now[kind], then[kind], "name").head(MOST).assign(kind=kind) for kind in now]
    of_products = found[KINDS.index("product")]
    of_products["name"] = data.products.names_of(build, of_products["name"].tolist())
    rows = pd.concat(found, ignore_index=True)
    for name in ("revenue", "revenue_before", "change"):
        rows[f"{name}_shown"] = [number(value, view.sign) for value in rows[name]]
    caption = f"{view.within()} Against {view.before.said}. The largest changes of each kind. "
    caption += "From daily_categories_brands, daily_products, category_levels, daily_sessions."
    columns = ("kind", "name", "change_shown", "revenue_shown", "revenue_before_shown")
    title = f"Who gained and who lost revenue{view.beyond(*FILTERS)}"
    yield Table(title, rows, caption, columns)


def kinds(build, first, last) -> dict[str, pd.DataFrame]:
    """Revenue by brand, by product number, by first part of the category and by segment."""
    brands = data.products.brands(build, first, last, None)
    brands["name"] = data.products.titled(build, brands["brand"])
    tree = data.products.category_tree(build, first, last)
    categories = tree[tree["parent_path"].isna()].rename(columns={"category_path": "name"})
    segments = data.users.segment_revenue(build, first, last)
    products = data.products.product_revenue(build, first, last)
    products = products.rename(columns={"product_id": "name"})
    return dict(zip(KINDS, (brands, products, categories, segments), strict=True))
