"""What the cards are compared with, in words."""

from dashboard.periods import NOTHING, PREVIOUS, is_complete, lengths
from dashboard.words import counted, in_unit


def against(view) -> str:
    """What the changes are against, or why there are none."""
    period, how = view.period, view.chosen("compare") or PREVIOUS
    if view.before:
        return f"Changes are against {view.before.words}{lengths(period, view.before)}."
    if how == NOTHING:
        return ""
    if how != PREVIOUS:
        return f"The data does not reach back to the {how.removeprefix('a ')}: no changes."
    if not is_complete(period):
        return f"{period.words} is not complete in the data, so it is not compared."
    return "The data holds no whole period before to compare with."


def gap(view, now) -> str:
    """How far revenue is from the target of these dates, where one is set for all the store."""
    target = view.target and view.target * view.period.days
    if not target:
        return ""
    words = in_unit(target, "money", view.sign)
    off = in_unit(abs(100 * (float(now["revenue"]) / target - 1)), "percent", "")
    return (
        f"Revenue is {off} {'above' if now['revenue'] >= target else 'below'} its target, {words}."
    )


def thin(view, now) -> str:
    """A warning where too few orders, or purchases, stand behind the rates."""
    column = "orders" if "orders" in now else "total_purchases"
    if now[column] >= view.display.fewest:
        return ""
    thing = "order" if column == "orders" else "purchase"
    return f"Thin: the rates are of {counted(int(now[column]), thing)}."
