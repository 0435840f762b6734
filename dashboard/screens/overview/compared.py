"""What the cards are compared with, in words."""

from dashboard.periods import (
    MONTH_BEFORE,
    NOTHING,
    PREVIOUS,
    SAME_WEEKDAYS,
    YEAR_BEFORE,
    is_complete,
    lengths,
)
from dashboard.words import counted, in_unit

AS_SAID = {
    SAME_WEEKDAYS: "the same weekdays before",
    MONTH_BEFORE: "the month before",
    YEAR_BEFORE: "the year before",
}


def against(view) -> str:
    """What the changes are against, or why there are none."""
    period, how = view.period, view.chosen("compare") or PREVIOUS
    if view.before:
        return f"Changes are against {view.before.said}{lengths(period, view.before)}."
    if how == NOTHING:
        return ""
    if how != PREVIOUS:
        return f"The data does not go back far enough to compare with {AS_SAID[how]}."
    if not is_complete(period):
        return f"{period.words} is not complete in the data, so it is not compared."
    return "There is no complete period before it to compare with."


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
    """A warning where the rates are of too few orders or purchases."""
    column = "orders" if "orders" in now else "total_purchases"
    if now[column] >= view.display.fewest:
        return ""
    thing = "order" if column == "orders" else "purchase"
    return f"Too few to rely on: the rates are of {counted(int(now[column]), thing)}."
