"""Which days were unusual? Days beside what is usual; hours are in hours_expected.py."""

import pandas as pd

from dashboard import charts, data, figures, unusual
from dashboard.blocks import Chart, Part, Table, View
from dashboard.screens.time.hours_expected import hourly_band
from dashboard.words import counted, day, in_unit, with_sign

JUDGED = {figure.column: figure for figure in figures.OF_STORE[:3]}


def judged(build, column: str, dates) -> pd.DataFrame:
    """The days of these dates, each judged by all of the data."""
    days = figures.days(build, View(), *data.activity.whole(build))
    rows = unusual.judged(days, column)
    return rows[rows["event_date"].between(*map(pd.Timestamp, dates))]


def daily(build, view):
    figure = JUDGED[view.choices["judged"]]
    rows = judged(build, figure.column, view.dates)
    rows["words"] = (100 * (rows["ratio"] - 1)).map("{:+.0f} % against its weekday".format)
    unit = {"money": view.sign, "percent": "%"}.get(figure.unit, "")
    words = with_sign(figure.name.lower(), unit)
    marked = rows[rows["unusual"]].rename(columns={"event_date": "at"})
    drawn = charts.by_period(
        rows, "event_date", "value", words=words, average="usual", marked=marked, unit=unit
    )
    odd = counted(rows["unusual"].sum(), "unusual day").capitalize()
    caption = f"{view.within()} UTC dates. Usual: the median of the same weekday, up to four weeks "
    caption += f"before and after.{how_far(rows)} From {figures.mart(View())}."
    yield Chart(f"{odd} by {figure.name.lower()}", drawn, rows, caption, metric=figure.metric)


def how_far(rows: pd.DataFrame) -> str:
    """What counts as unusual, and whether there are enough weeks to say more."""
    if rows["usual"].isna().all():
        return " There are too few weeks to judge a day."
    others, above = rows["others"].max(), rows["bound"].iloc[0]
    said = f" Unusual: {above:.0f} % above that, or {100 - 100 / (1 + above / 100):.0f} % below."
    few = f" Each day has only {others} others to compare with."
    return said + (few if others <= unusual.THIN_OTHERS else "")


def table(build, view):
    found = []
    has_prices = data.quality.has_prices(build)
    for column, figure in ((c, f) for c, f in JUDGED.items() if has_prices or not f.of_money):
        rows = judged(build, column, view.dates).query("unusual")
        rows = rows.assign(label=figure.name, change=100 * (rows["ratio"] - 1))
        for name in ("value", "usual"):
            rows[f"{name}_shown"] = [in_unit(each, figure.unit, view.sign) for each in rows[name]]
        found.append(rows)
    if not any(map(len, found)):
        return  # Of no figure is one unusual; the chart above says so of its own.
    rows = pd.concat(found).sort_values("change", key=abs, ascending=False)
    rows["date"] = [f"{at:%a} {day(at)}" for at in rows["event_date"]]
    columns = ("date", "label", "value_shown", "usual_shown", "change", "others")
    yield Table("Unusual days", rows, f"{view.within()} Largest first.", columns)


PART = Part(
    "Days",
    "Which days were unusual?",
    ((daily,), (table,), (hourly_band,)),
    ("period", "judged", "watched"),
)
