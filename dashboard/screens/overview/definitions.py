"""What does each metric mean, and how far do definitions move it?"""

from dataclasses import replace

from dashboard import data, insights
from dashboard.blocks import Empty, Part, Table
from dashboard.money import without_amounts
from dashboard.periods import EVERYTHING, stored_periods
from dashboard.words import duration, in_unit


def summary(build, view):
    rows = without_amounts(data.activity.metric_values(build), build)
    rows["shown"] = [
        in_unit(value, unit, view.sign)
        for value, unit in zip(rows["value"], rows["unit"], strict=True)
    ]
    rows["unit"] = rows["unit"].replace({"percent": "%", "money": view.sign})
    # As the values: over all dates, whatever is chosen.
    everything = replace(view, period=stored_periods(build)[EVERYTHING])
    rows["insight"] = rows["metric_name"].map(insights.by_metric(build, everything)).fillna("")
    rows = rows.sort_values("insight", key=lambda said: said == "", kind="stable")
    columns = ("label", "shown", "unit", "definition", "insight")
    yield Table(
        f"All metrics{view.beyond('period')}", rows, "Over all dates. From metric_values.", columns
    )


def sessions(build, view):
    rows = data.activity.by_session_definition(build)
    rows["median_duration"] = rows["median_duration_seconds"].map(duration)
    columns = (
        "session_definition",
        "sessions",
        "order_conversion",
        "median_duration",
        "mean_events",
        "avg_order_value",
    )
    caption = "All dates. From definitions_compared."
    title = f"What if a session were defined differently?{view.beyond('period')}"
    yield Table(title, rows, caption, columns)


def orders(build, view):
    rows = data.activity.by_order_definition(build)
    caption = "All dates. Revenue is the same under each. From order_values."
    title = f"What if an order were defined differently?{view.beyond('period')}"
    yield Table(title, rows, caption, ("order_definition", "orders", "avg_order_value"))


def step_times(build, view):
    if not view.period.stored:
        words = "They do not add up over days: choose a day, a week or a month."
        yield Empty("Times between steps are not shown", words)
        return
    rows = data.activity.step_times(build, *view.period.stored)
    rows["step"] = rows["step"].str.replace("_", " ")
    quartiles = {"first_quarter": "q1", "half": "median", "three_quarters": "q3"}
    rows[list(quartiles)] = rows[[f"{q}_seconds" for q in quartiles.values()]].map(duration)
    caption = f"{view.within()} In a session: view, then cart, then purchase. From funnel_times."
    yield Table("How long from view to purchase?", rows, caption, ("step", "pairs", *quartiles))


PART = Part(
    "Metrics",
    "What does each figure mean?",
    ((summary,), (sessions,), (orders, step_times)),
    ("period",),
)
