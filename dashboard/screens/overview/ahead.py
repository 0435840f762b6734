"""What to expect of the next days, where the chart reaches the end of the data."""

from dashboard import charts, data, figures
from dashboard.forecast import forecast


def expect(build, view, figure) -> str:
    """Draw the forecast on the revenue by day and say how good it was; nothing where the dates end
    earlier, or where it was worse than the last value."""
    first, last = data.activity.whole(build)
    if view.period.last != last:
        return ""
    days = figures.days(build, view, first, last).set_index("event_date")["revenue"]
    found = forecast(days)
    if found is None:
        return ""
    charts.ahead(figure, found.days, *found.band, view.sign)
    return (
        f" Dotted: a forecast that repeats the last 7 days. Over the last {found.weeks} weeks it "
        f"was {found.error:.0f} % off; repeating the last day was {found.error_of_last:.0f} % off."
    )
