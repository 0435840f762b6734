"""What can be looked up: every product, brand and category, searched and sorted."""

from functools import partial

from dashboard import data
from dashboard.blocks import Part, Table
from dashboard.words import day

# Rows of a page; the CSV has all.
ROWS = 100
COLUMNS = ("views", "carts", "purchases", "conversion", "abandonment", "revenue", "change")
ONE = {"products": "product", "brands": "brand", "categories": "category"}
# The part of the page that a click opens, with which filter.
OPENED = {
    "products": ("Product", "item"),
    "brands": ("Brand or category", "brand"),
    "categories": ("Brand or category", "category"),
}


def table(build, view):
    kind = view.choices["kind"]
    ask = partial(explored, build, view)
    page = int(view.chosen("page") or 1) - 1
    rows = ask(ROWS, ROWS * page)
    beyond = ""
    if rows.empty and page:
        beyond = f" There is no page {page + 1:,}."
        page, rows = 0, ask(ROWS, 0)
    found = int(rows["found"].iloc[0]) if len(rows) else 0
    first = ("product", "category_code") if kind == "products" else ("name",)
    opens, sets = OPENED[kind]
    pages = max(1, -(-found // ROWS))
    against = f" Change of revenue against {view.before.words}." if view.before else ""
    until = data.products.carts_decided_until(build)
    carts = f" Carts left: of those up to {day(until)}." if until < view.dates[1] else ""
    caption = f"{view.within('category', 'brand')}{beyond} Page {page + 1} of {pages}; the CSV has "
    caption += f"all.{against}{carts} Click a row to open it. From {data.explorer.KINDS[kind][0]}, "
    caption += "cart_outcomes."
    title = f"{found:,} {ONE[kind] if found == 1 else kind} looked at"
    yield Table(title, rows, caption, (*first, *COLUMNS), opens, sets, partial(ask, None, 0))


def explored(build, view, rows, skip):
    """A page of the table, or all of it; products with their names."""
    found = data.explorer.explored(
        build,
        view.choices["kind"],
        view.dates,
        view.before and (view.before.first, view.before.last),
        find=view.chosen("find") or "",
        sort=view.choices["sort"],
        category=view.chosen("category"),
        brand=view.chosen("brand"),
        rows=rows,
        skip=skip,
    )
    if "brand" in found:
        named = found.rename(columns={"item": "product_id"})
        found["product"] = data.products.product_names(build, named)
        return found
    return found.assign(name=data.products.titled(build, found["item"]))


PART = Part(
    "Explorer",
    "What would you like to look up?",
    ((table,),),
    ("period", "compare", "category", "brand", "kind", "find", "sort", "page"),
)
