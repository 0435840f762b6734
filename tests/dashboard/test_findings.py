"""Findings say what is true, of which dates and how much, and link to the chart that shows it."""

from dataclasses import replace

import pandas as pd

from dashboard import data, insights
from dashboard.app import PAGES
from dashboard.blocks import Chart
from dashboard.filters import default_view
from dashboard.periods import period_of, stored_periods
from dashboard.screens.overview import now
from dashboard.sections import blocks
from shopstream.people.query import connect


def found_in(build, period) -> list:
    """All findings of a period."""
    return insights.all_insights(build, replace(default_view(now.PART, build), period=period))


def test_most_means_more_than_half(shown, monkeypatch):
    view = default_view(now.PART, shown)
    usual = insights.best_hours(shown, view).sentence
    assert usual.startswith("The best three hours are from ")
    rows = data.activity.hours(shown, *view.dates, "UTC")
    rows["revenue"] = rows["revenue"].where(rows["event_hour"] == 7, 1.0) + 1
    monkeypatch.setattr(data.activity, "hours", lambda *_: rows)
    assert insights.best_hours(shown, view).sentence.startswith("Most revenue comes from ")


def test_the_busiest_hour_is_only_called_so(shown, monkeypatch):
    view = default_view(now.PART, shown)
    assert insights.busiest_hour(shown, view).sentence.startswith("The busiest hour is from ")
    rows = pd.DataFrame({"position": range(24), "sessions": [10**9] + 23 * [1]})
    monkeypatch.setattr(data.activity, "cycles", lambda *_: rows)
    assert insights.busiest_hour(shown, view).sentence.startswith("Most sessions are open ")


def test_the_same_dates_give_the_same_findings(shown):
    stored = stored_periods(shown)
    for period in stored.values():
        typed = found_in(shown, period_of(period.first, period.last, stored))
        # Dates of two names, as a month that is all of the data, may be told by the other.
        words = [each.said.split(" (")[0] for each in typed]
        assert words == [each.said.split(" (")[0] for each in found_in(shown, period)]


def test_a_finding_names_its_dates_and_how_much_it_counted(shown):
    for period in stored_periods(shown).values():
        for found in found_in(shown, period):
            dates, how_many = found.counted.split(", ")
            assert dates in (period.said, insights.ALL_DATES)
            assert int(how_many.split()[0].replace(",", "")) > 1


def test_a_finding_links_to_the_chart_that_it_names(shown):
    period = stored_periods(shown)["Week of 14 Oct 2019"]
    named = 0
    for found in found_in(shown, period):
        if found.path == insights.HERE:
            continue
        part = next(page for page in PAGES if page.path == found.path).part(found.part)
        view = default_view(part, shown)
        period_there = period if "period" in part.filters else None
        view = replace(view, period=period_there, choices=view.choices | found.choices)
        titles = [
            block.title
            for section in part.sections
            for block in blocks(section, shown, view)
            if isinstance(block, Chart)
        ]
        assert found.chart in titles
        named += 1
    assert named >= 3


def test_no_cart_is_said_to_be_left_while_it_may_be_bought(shown, warehouse):
    stored, view = stored_periods(shown), default_view(now.PART, shown)
    assert insights.left_carts(shown, replace(view, period=stored["Last 7 days"])) is None
    found = insights.left_carts(shown, replace(view, period=stored["October 2019"]))
    sql = """select 100 * sum(episodes) filter (outcome = 'abandoned')
            / sum(episodes) filter (outcome <> 'undecided') as share,
            strftime(last_delivered_date - 7, '%-d %b %Y') as until
        from cart_outcomes, data_coverage where cart_date <= last_delivered_date - 7
        group by last_delivered_date"""
    share, until = connect(warehouse, sql).execute(sql).fetchone()
    assert found.sentence.startswith(f"{share:.1f} % of carts were left, worth $")
    assert found.sentence.endswith(f"; carts after {until} may still be bought.")
