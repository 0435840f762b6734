"""One day is shown by hour beside the same weekday of the week before, one week by day."""

import datetime
from dataclasses import replace

import pandas as pd
import pytest

from dashboard import charts, data
from dashboard.filters import default_view
from dashboard.periods import period_of, stored_periods
from dashboard.screens.overview import cards, now
from shopstream.people.query import connect

DAY = datetime.date(2019, 10, 16)
HOURS = """
    with hours as (select unnest(range(24)) as hour)
    select hour, coalesce(sum(price), 0)::double as revenue
    from hours left join fct_events on hour(event_time) = hour and event_type = 'purchase'
        and event_date = '{}'
    group by hour order by hour
"""


def view_of(build, first: datetime.date, last: datetime.date, **choices):
    """The Overview of these dates."""
    view = default_view(now.PART, build)
    period = period_of(first, last, stored_periods(build))
    return replace(view, period=period, choices=view.choices | choices)


def test_one_day_is_shown_by_hour_beside_the_same_weekday_before(shown, warehouse):
    (chart,) = now.revenue(shown, view_of(shown, DAY, DAY))
    assert chart.title == "Revenue by hour"
    assert "From hourly_activity." in chart.caption
    # The midnight that ends the day would be another 00:00.
    assert [f"{at:%H}" for at in chart.figure.layout.xaxis.tickvals] == [
        f"{hour:02d}" for hour in range(0, 24, 3)
    ]
    bars, line = chart.figure.data
    for drawn, day in ((bars, "2019-10-16"), (line, "2019-10-09")):
        sql = HOURS.format(day)
        expected = connect(warehouse, sql).execute(sql).df()["revenue"]
        assert list(drawn.y) == pytest.approx(expected.tolist())
    assert cards.against(view_of(shown, DAY, DAY)) == "Changes are against 9 Oct 2019."


def test_the_first_days_have_no_week_before(shown):
    first = data.activity.whole(shown)[0]
    assert (
        view_of(shown, first + datetime.timedelta(days=6), first + datetime.timedelta(6)).before
        is None
    )


@pytest.mark.parametrize("grain", ["day", "week", "month"])
def test_one_week_is_shown_by_day(shown, grain):
    (chart,) = now.revenue(shown, view_of(shown, DAY, DAY + datetime.timedelta(6), grain=grain))
    assert chart.title == "Revenue by day"
    assert len(chart.figure.data[0].x) == 7


WIDEST = 0.1  # Of a chart as wide as the page.


@pytest.mark.parametrize("how_many", [1, 2, 3, 5, 7, 12, 31])
@pytest.mark.parametrize("freq", ["h", "D", "7D", "MS"])
def test_a_bar_over_dates_has_a_greatest_width(how_many, freq):
    at = pd.Series(pd.date_range("2019-10-01", periods=how_many, freq=freq))
    figure = charts.by_period(pd.DataFrame({"at": at, "n": 1}), "at", "n", words="n")
    if how_many > 10:
        assert figure.data[0].width is None
        return
    first, last = map(pd.Timestamp, figure.layout.xaxis.range)
    assert pd.Timedelta(milliseconds=figure.data[0].width) <= WIDEST * (last - first)
    assert first < at.min() and at.max() < last


@pytest.mark.parametrize("how_many", [1, 2, 3, 5, 7, 12])
def test_a_bar_of_a_name_has_a_greatest_width(how_many):
    rows = pd.DataFrame({"name": [f"name {n}" for n in range(how_many)], "n": 1})
    upright = charts.columns(rows, "name", "n", words="n")
    lying = charts.bars(rows, "name", "n")
    for figure in (upright, lying):
        of_its_place = figure.data[0].width or 1 - figure.layout.bargap
        assert of_its_place / how_many <= WIDEST


def test_a_forecast_after_few_days_is_not_cut_off():
    days = pd.date_range("2019-10-01", periods=7)
    figure = charts.by_period(pd.DataFrame({"at": days, "n": 1}), "at", "n", words="n")
    ahead = pd.Series(1.0, days + pd.Timedelta(days=7))
    charts.ahead(figure, ahead, ahead, ahead, "$")
    assert figure.layout.xaxis.range is None and figure.layout.xaxis.tickvals is None


def band_of(days: int):
    """The band of so many days of hours."""
    at = pd.date_range("2019-10-01", periods=24 * days, freq="h")
    rows = pd.DataFrame({"starts_at": at, "observed": 1, "expected": 1.0, "is_anomaly": False})
    rows = rows.assign(lower_bound=0.0, upper_bound=2.0, score=0.0, direction=None)
    return charts.band(rows, "carts", charts.ACCENT).layout.xaxis


def test_no_date_is_ticked_twice():
    assert band_of(1).tickformat == "%H:%M"
    assert band_of(3).dtick == 86400000
    # Of two weeks, plotly ticks every second day.
    assert band_of(14).dtick is None


@pytest.mark.parametrize(("hours", "ticked_daily"), [(1, True), (50, True), (24 * 20, False)])
def test_a_price_that_changed_often_within_a_day_ticks_it_once(hours, ticked_daily):
    at = pd.to_datetime(["2019-10-01", "2019-10-01"]) + pd.to_timedelta([0, hours], unit="h")
    rows = pd.DataFrame({"at": at, "price": [1.0, 2.0]})
    axis = charts.steps(rows, "at", "price", "price", "$").layout.xaxis
    assert (axis.dtick == 86400000) == ticked_daily
