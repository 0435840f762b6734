"""Days are judged against the same weekday of other weeks, and what is found is told."""

import statistics
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from dashboard import insights, unusual
from dashboard.filters import default_view
from dashboard.periods import stored_periods
from dashboard.screens.overview import now
from dashboard.screens.time import days
from shopstream.people.query import connect

WEEKS = 5


def weeks(factor_of_day: dict[int, float], noise: float = 0.03) -> pd.DataFrame:
    """Five weeks in which a weekend brings twice as much, with some days changed by a factor."""
    dice = np.random.default_rng(1)
    at = pd.date_range("2019-09-30", periods=7 * WEEKS)
    value = np.where(at.dayofweek > 4, 200.0, 100.0) * np.exp(noise * dice.standard_normal(len(at)))
    for place, factor in factor_of_day.items():
        value[place] *= factor
    return pd.DataFrame({"event_date": at, "revenue": value})


def found(rows: pd.DataFrame) -> list[int]:
    """The places of unusual days."""
    return np.flatnonzero(unusual.judged(rows, "revenue")["unusual"]).tolist()


@pytest.mark.parametrize("place", [0, 12, 19, 34])
@pytest.mark.parametrize("factor", [1.44, 0.6, 0.0])
def test_a_day_far_from_its_weekday_is_found_and_no_other(place, factor):
    assert found(weeks({place: factor})) == [place]


def test_a_weekend_is_no_unusual_day():
    assert found(weeks({})) == []


def test_a_small_difference_is_not_told_however_steady_the_store():
    assert found(weeks({12: 1.1}, noise=0.001)) == []


def test_too_few_days_are_not_judged():
    rows = weeks({5: 1.5}).head(13)
    assert not unusual.judged(rows, "revenue")["unusual"].any()
    assert unusual.judged(rows, "revenue")["usual"].isna().all()


def test_only_the_nearest_weeks_count():
    rows = pd.concat(
        [
            weeks({}),
            weeks({}).assign(
                event_date=lambda each: each["event_date"] + pd.Timedelta(days=7 * 60),
                revenue=lambda each: 10 * each["revenue"],
            ),
        ],
        ignore_index=True,
    )
    judged = unusual.judged(rows, "revenue")
    assert judged["others"].max() == WEEKS - 1
    # Sixty weeks later the store sells ten times as much: those weeks are no measure of these.
    assert not judged["unusual"].any()


def test_the_chart_the_table_and_the_finding_tell_the_same_day(shown, warehouse):
    sql = """select event_date, sum(price)::double as revenue from fct_events
        where event_type = 'purchase' group by 1 order by 1"""
    by_day = dict(connect(warehouse, sql).execute(sql).fetchall())
    view = default_view(days.PART, shown)
    (chart,) = days.daily(shown, view)
    odd = chart.rows[chart.rows["unusual"]]
    assert len(odd), "the sample has an outage and a rich Saturday"
    for each in odd.itertuples():
        others = [
            revenue
            for date, revenue in by_day.items()
            if date.weekday() == each.event_date.weekday() and date != each.event_date.date()
        ]
        assert each.value == pytest.approx(by_day[each.event_date.date()])
        assert each.usual == pytest.approx(statistics.median(others))
    assert f"only {chart.rows['others'].max()} others" in chart.caption
    (table,) = days.table(shown, view)
    of_revenue = table.rows[table.rows["label"] == "Revenue"]
    assert set(of_revenue["event_date"]) == set(odd["event_date"])
    finding = insights.unusual_day(shown, default_view(now.PART, shown))
    assert finding.chart == chart.title
    assert f"only {odd['others'].iloc[-1]} others" in finding.sentence


def test_a_day_is_judged_by_all_of_the_data_not_by_the_dates(shown):
    view = default_view(days.PART, shown)
    (whole,) = days.daily(shown, view)
    week = stored_periods(shown)["Week of 14 Oct 2019"]
    (part,) = days.daily(shown, replace(view, period=week))
    same = whole.rows[whole.rows["event_date"].isin(part.rows["event_date"])]
    assert part.rows["usual"].tolist() == same["usual"].tolist()
    assert len(part.rows) == 7
