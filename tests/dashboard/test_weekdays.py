"""Bars of weekdays are averages of a day: one that came more often does not win."""

import pytest

from dashboard import data
from dashboard.blocks import View
from dashboard.screens.time import visitors
from shopstream.people.query import connect

DAYS = """
    with days as (
        select isodow(event_date) as weekday, event_date,
            count(distinct user_id) filter (user_id <> -999999) as users
        from fct_events group by all
    )
    select weekday, avg(users) as mean, count(*) as days from days group by all order by weekday
"""


def test_a_weekday_shows_the_average_of_its_whole_days(shown, warehouse):
    expected = connect(warehouse, DAYS).execute(DAYS).df()
    assert expected["days"].nunique() > 1
    (chart,) = visitors.by_weekday(shown, View(choices={"count": "visitors"}))
    assert list(chart.figure.data[0].y) == pytest.approx(expected["mean"].tolist())
    assert list(chart.figure.data[0].x)[0] == "Mon"
    assert f"{expected['days'].min()} to {expected['days'].max()} whole days" in chart.caption


def test_a_date_that_is_not_whole_is_in_no_average(shown, monkeypatch):
    def without_mondays(build, grain, first, last):
        rows = found(build, grain, first, last)
        mondays = rows["period_start"].dt.dayofweek == 0
        # Of all Mondays but the first, little or nothing was delivered.
        empty = mondays & (rows["period_start"] > rows["period_start"][mondays].min())
        rows.loc[empty, ["total_events", "sessions", "users", "is_complete"]] = 0, 0, 0, False
        return rows

    found = data.activity.series
    view = View(choices={"count": "sessions"})
    (before,) = visitors.by_weekday(shown, view)
    monkeypatch.setattr(data.activity, "series", without_mondays)
    (after,) = visitors.by_weekday(shown, view)
    assert after.rows["days"][0] == 1
    assert after.rows["mean"][0] > before.rows["mean"][0] / 2
