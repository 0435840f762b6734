"""Users: who brings the revenue, who comes back."""

from dashboard import charts, data
from dashboard.components import Chart, Page, Table

HIDDEN = "hidden"


def segments(build, view):
    rows = data.segments(build)
    figure = charts.shares(
        rows, "user_segment", {"user_share": "share of users", "revenue_share": "share of revenue"}
    )
    caption = "All dates; segment by sessions so far, as of the build. From segment_value."
    yield Chart("Segments by users and by revenue (%)", figure, rows, caption)


def concentration(build, view):
    rows = data.concentration(build)
    title = "Share of revenue by the best buyers"
    if len(rows):
        top = rows[rows["top_percent"] == 20].iloc[0]
        title = f"The best 20 % of buyers bring {top.revenue_share:.0f} % of revenue"
    gini = f"Gini {rows['gini'].iloc[0]:.2f}. " if len(rows) else ""
    caption = f"All dates, without anonymous users. {gini}From customer_concentration."
    yield Chart(title, charts.concentration(rows), rows, caption)


def rfm(build, view):
    rows = data.rfm_segments(build)
    figure = charts.shares(
        rows, "rfm_segment", {"buyer_share": "share of buyers", "revenue_share": "share of revenue"}
    )
    caption = "All dates. Recency, frequency, monetary; buyers only. From rfm_segments_summary."
    yield Chart("Buyers by recency, frequency and money (%)", figure, rows, caption)


def buyers(build, view):
    rows = data.top_buyers(build)
    rows["user_id"] = HIDDEN if view.display.hides_users else rows["user_id"].astype(str)
    columns = {
        "user_id": ("user", "text"),
        "rfm_segment": ("segment", "text"),
        "orders": ("orders", "number"),
        "revenue": ("revenue", "money"),
        "days_since_last_order": ("days since the last", "number"),
    }
    yield Table("Buyers who spent most", rows, "All dates. From rfm_users.", columns)


def retention(build, view):
    activity, grain = view.choices["retention"].split(" by ")
    rows = data.cohorts(build, activity.removesuffix("s"), grain)
    rows["cohort"] = rows["cohort_start"].map(lambda start: f"{start:%-d %b %y}")
    rows["cohort"] += " · " + rows["cohort_users"].map("{:,}".format)
    shown = rows[rows["period_number"] > 0]
    axes = (
        f"{grain}s later",
        f"first {grain} · {'buyers' if activity == 'purchases' else 'users'}",
    )
    figure = charts.heat(
        shown, "period_number", "cohort", "retention", words="%", axes=axes, percent=True
    )
    caption = (
        f"Users of a first {grain} with a {activity.removesuffix('s')} exactly N {grain}s later; "
        "blank where the data ends too early to know. From retention_cohorts."
    )
    yield Chart(f"Who comes back ({activity}, % of the cohort)", figure, rows, caption)


def durations(build, view):
    segment = view.chosen("segment")
    rows = data.durations(build, view.period.first, view.period.last, segment)
    figure = charts.columns(
        rows, "duration_bucket", "order_conversion", words="sessions with a purchase (%)", unit="%"
    )
    words = ", ".join(filter(None, [view.period.words, segment]))
    caption = f"{words}. Orders / sessions, by date of the session's start. From daily_sessions."
    yield Chart("Longer sessions, more orders?", figure, rows, caption)


def week(build, view):
    rows = data.hours(build, view.period.first, view.period.last, view.display.zone)
    rows["mean"] = rows["total_events"] / rows["hours"]
    rows["day"] = rows["day_of_week"].map(lambda number: charts.WEEKDAYS[number - 1][:3])
    axes = (f"hour ({view.display.zone})", "weekday")
    figure = charts.heat(rows, "event_hour", "day", "mean", words="events an hour", axes=axes)
    caption = f"{view.period.words}. Mean events of an hour. From hourly_activity."
    yield Chart("When are they active? (events an hour)", figure, rows, caption)


PAGE = Page(
    "Users",
    "users",
    "Who brings the revenue?",
    ((segments, durations), (rfm, concentration), (retention,), (week,), (buyers,)),
    ("period", "segment", "retention"),
)
