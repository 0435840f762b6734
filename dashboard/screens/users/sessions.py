"""How do sessions go? By duration, and by hour of the week."""

from dashboard import charts, data
from dashboard.blocks import Chart, Part


def durations(build, view):
    rows = data.users.durations(build, *view.dates, view.chosen("segment"))
    figure = charts.columns(
        rows,
        "duration_bucket",
        "order_conversion",
        words="sessions with a purchase (%)",
        unit="%",
        of="sessions",
        fewest=view.display.fewest,
    )
    caption = "Orders / sessions, by date of the session's start. From daily_sessions."
    caption = f"{view.within('segment')}{view.thin(rows['sessions'], 'sessions')} {caption}"
    metric = "conversion_sessions_any_order"
    yield Chart("Longer sessions, more orders?", figure, rows, caption, metric=metric)


def counts(build, view):
    rows = data.users.durations(build, *view.dates, view.chosen("segment"))
    figure = charts.columns(rows, "duration_bucket", "sessions", words="sessions")
    caption = f"{view.within('segment')} From daily_sessions."
    yield Chart("How long sessions last", figure, rows, caption, metric="sessions")


def week(build, view):
    rows = data.activity.hours(build, *view.dates, view.hour_zone, "judged")
    rows["mean"] = rows["total_events"] / rows["hours"]
    rows["day"] = rows["day_of_week"].map(lambda number: charts.WEEKDAYS[number - 1][:3])
    axes = (f"hour ({view.hour_zone})", "weekday")
    figure = charts.heat(rows, "event_hour", "day", "mean", words="events an hour", axes=axes)
    caption = f"{view.within()}{view.of_zone()} All segments; average events of an hour."
    caption += " From hourly_activity."
    title = f"When are they active? (events an hour){view.beyond('segment')}"
    yield Chart(title, figure, rows, caption, metric="events")


PART = Part(
    "Sessions",
    "How do sessions go?",
    ((durations, counts), (week,)),
    ("period", "segment"),
)
