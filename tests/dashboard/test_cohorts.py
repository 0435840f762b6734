"""Cohorts: only those of which something is known can be chosen, and their average is weighed."""

from dataclasses import replace

import pandas as pd
import pytest

from dashboard import data
from dashboard.filters import RETENTIONS, cohort_of, default_view
from dashboard.screens.users import loyalty
from shopstream.people.query import connect
from tests.dashboard.test_pages import run


@pytest.mark.parametrize("retention", RETENTIONS)
def test_each_cohort_that_can_be_chosen_has_a_chart(shown, retention):
    options = data.users.cohort_starts(shown, *cohort_of(retention))
    assert options
    view = default_view(loyalty.PART, shown)
    for start in options:
        chosen = replace(view, choices={"retention": retention, "cohort": start})
        (chart,) = loyalty.one_cohort(shown, chosen)
        assert len(chart.figure.data[0].y) > 0


def test_weeks_and_days_have_cohorts_of_their_own(shown):
    page = run("users", part="Loyalty")
    weeks = page.selectbox(key="cohort").options
    # The week in which the data ends has no week after it.
    assert "28 Oct 2019" not in weeks
    page.selectbox(key="retention").set_value("visits by day").run()
    days = page.selectbox(key="cohort").options
    assert "15 Oct 2019" in days and "15 Oct 2019" not in weeks


def test_the_first_row_is_the_average_of_all_visitors(shown, warehouse):
    (chart,) = loyalty.retention(shown, default_view(loyalty.PART, shown))
    sql = """select sum(active_users) * 100.0 / sum(cohort_users) from retention_cohorts
        where activity = 'visit' and period_type = 'week' and retention is not null
            and period_number = 1"""
    (expected,) = connect(warehouse, sql).execute(sql).fetchone()
    heat = chart.figure.data[0]
    assert chart.figure.layout.yaxis.ticktext[0] == "average"
    assert heat.z[0][0] == pytest.approx(expected)
    # Nothing of a cohort whose next week is not in the data.
    assert not any("28 Oct" in words for words in chart.figure.layout.yaxis.ticktext)


def test_a_week_that_is_not_whole_is_not_drawn(shown):
    (chart,) = loyalty.moves(shown, default_view(loyalty.PART, shown))
    last = data.activity.whole(shown)[1]
    weeks = [pd.Timestamp(at).date() for line in chart.figure.data for at in line.x]
    assert weeks and min((last - at).days for at in weeks) >= 6
