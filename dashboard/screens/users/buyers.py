"""Who bought? All of an RFM segment, as a list to take away."""

from functools import partial

from dashboard import data
from dashboard.blocks import Table
from dashboard.money import needs_prices

HIDDEN = "hidden"
# So many are shown; the CSV has all.
LISTED = 200


@needs_prices
def buyers(build, view):
    rows = listed(build, view, LISTED)
    found = rows["found"].iloc[0] if len(rows) else 0
    columns = ("user_id", "rfm_segment", "orders", "revenue", "days_since_last_order")
    who = view.chosen("buyers") or "Buyers"
    caption = f"All dates, highest revenue first. {min(found, LISTED):,} of {found:,} are listed; "
    caption += "the CSV has all. From rfm_users."
    opens = {} if view.display.hides_users else {"opens": "Visitor", "sets": "customer"}
    everyone = partial(listed, build, view, None)
    yield Table(f"{who} by revenue", rows, caption, columns, **opens, all_rows=everyone)


def listed(build, view, most):
    """Buyers of the chosen RFM segment, without ids where these are hidden."""
    rows = data.explorer.customers(build, view.chosen("buyers"), most)
    rows["user_id"] = HIDDEN if view.display.hides_users else rows["user_id"].astype(str)
    return rows.assign(item=rows["user_id"])
