"""Context: notes of dates, a forecast with its error, how old the newest event is."""

import datetime
from dataclasses import replace

import pandas as pd
import pytest

from dashboard import data
from dashboard.annotations import annotations
from dashboard.filters import default_view
from dashboard.forecast import forecast
from dashboard.periods import period_of, stored_periods
from dashboard.saved import saved_views
from dashboard.screens.overview import now
from dashboard.sections import blocks
from tests.dashboard.test_pages import run


def series(values: list[float]) -> pd.Series:
    """A series by day."""
    return pd.Series(values, pd.date_range("2019-10-07", periods=len(values)))


def test_a_week_is_expected_as_the_week_before():
    found = forecast(series([1.0, 2, 3, 4, 5, 6, 7] * 5))
    assert found.days.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert found.days.index[0] == pd.Timestamp("2019-11-11")
    assert (found.error, found.weeks) == (0, 4)
    # Each week was guessed as 7 throughout: 6+5+4+3+2+1 off of 28.
    assert found.error_of_last == pytest.approx(100 * 21 / 28)


def test_the_band_is_as_wide_as_the_error_was():
    steady = [1.0, 2, 3, 4, 5, 6, 7]
    found = forecast(series(steady * 4 + [2 * each for each in steady]))
    low, high = found.band
    # The last week was half guessed: 28 off of 28 * 5 in four weeks.
    assert found.error == pytest.approx(20)
    assert high.tolist() == pytest.approx([2 * each * 1.2 for each in steady])
    assert low.tolist() == pytest.approx([2 * each * 0.8 for each in steady])


@pytest.mark.parametrize(
    "values",
    [
        [5.0] * 35,  # the last value is as good
        [1.0, 2, 3, 4, 5, 6, 7] * 3,  # two weeks to measure on
        [1.0, 2, 3, 4, 5, 6, 7] * 4 + [0.0] * 7,
        [float(day) for day in range(1, 71)],  # a rising line: yesterday is closer than last week
    ],
)
def test_nothing_is_forecast_where_it_would_not_help(values):
    assert forecast(series(values)) is None


def test_the_forecast_is_drawn_at_the_end_of_the_data_only(shown):
    view = default_view(now.PART, shown)
    (whole,) = now.revenue(shown, view)
    drawn = "forecast" in [trace.name for trace in whole.figure.data]
    assert drawn == ("Dotted: a forecast" in whole.caption)
    first, last = data.activity.whole(shown)
    earlier = period_of(first, last - datetime.timedelta(days=1), stored_periods(shown))
    (part,) = now.revenue(shown, replace(view, period=earlier))
    assert "a forecast" not in part.caption


def test_notes_are_drawn_on_charts_over_their_dates(shown, tmp_path, monkeypatch):
    notes = tmp_path / "notes.csv"
    notes.write_text(
        "date,words\n2019-10-16,<b>sale</b> began\n2001-01-01,long ago\nx,y\n2019-10-17,\n"
    )
    monkeypatch.setenv("SHOPSTREAM_ANNOTATIONS", str(notes))
    assert annotations()["words"].tolist() == ["long ago", "<b>sale</b> began"]
    view = default_view(now.PART, shown)
    (chart,) = blocks(now.revenue, shown, view)
    assert [each.text for each in chart.figure.layout.annotations] == [
        "&lt;b&gt;sale&lt;/b&gt; began"
    ]
    assert len(chart.figure.layout.shapes) == 1
    # No chart over dates: no note.
    (funnel,) = blocks(now.funnel, shown, view)
    assert not funnel.figure.layout.annotations


@pytest.mark.parametrize("text", [None, "", "a,b\n1,2\n", "HEAD\n", "\0\0"])
@pytest.mark.parametrize(
    ("setting", "head", "read"),
    [
        ("SHOPSTREAM_ANNOTATIONS", "date,words", annotations),
        ("SHOPSTREAM_VIEWS", "name,link", saved_views),
    ],
)
def test_a_file_that_can_not_be_read_has_no_rows(setting, head, read, text, tmp_path, monkeypatch):
    file = tmp_path / "own.csv"
    if text is not None:
        file.write_text(text.replace("HEAD", head))
    monkeypatch.setenv(setting, str(file))
    assert len(read()) == 0


def test_the_head_says_how_old_the_newest_event_is(shown):
    last = data.quality.arrival(shown).last_hour
    days = (datetime.datetime.now(datetime.UTC).replace(tzinfo=None) - last).days
    said = run("overview").caption[0].value
    assert any(f"newest event {each:,} days ago" in said for each in (days, days + 1))
