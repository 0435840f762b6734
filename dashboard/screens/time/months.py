"""The chosen measure by month."""

from dashboard import charts, data
from dashboard.blocks import Chart
from dashboard.periods import pale, wholly
from dashboard.screens.time.measures import COLUMNS, axis, drawn


def by_month(build, view):
    measure = view.choices["measure"]
    rows = data.activity.series(build, "month", *view.dates)
    rows["month"] = rows["period_start"].dt.strftime("%b %Y")
    whole = wholly("month", rows, *data.activity.whole(build))
    figure = charts.columns(
        rows, "month", COLUMNS[measure], words=axis(view), whole=whole, **drawn(view)
    )
    caption = "Each month is shown whole, also where the dates hold a part of it."
    caption += f"{pale('month', whole, 'the data')} From period_activity."
    title = f"{measure.capitalize()} by month{whole_months(view)}{view.beyond('weekday')}"
    yield Chart(title, figure, rows, caption, metric=measure)


def whole_months(view) -> str:
    """What to add to the title where the dates hold a part of a month."""
    kind = view.period.stored[0] if view.period.stored else ""
    return "" if kind in {"total", "month"} else " (whole months)"
