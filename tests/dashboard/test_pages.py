"""Pages as Streamlit runs them: values, filters, empty and error states, hostile input."""

import datetime
import json
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote_plus

import pandas as pd
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from streamlit.testing.v1 import AppTest

from dashboard import charts, data, insights, words
from dashboard.app import PAGES
from dashboard.blocks import Card, Display, View
from dashboard.columns import COLUMNS
from dashboard.filters import default_view
from dashboard.periods import Period, default_period, period_of, stored_periods, wholly
from dashboard.report import report
from dashboard.screens.overview import definitions, now
from dashboard.screens.performance import optimizations as optimizations_of
from dashboard.screens.products import sellers
from dashboard.screens.quality import cleaning, doubts, unused
from dashboard.screens.time import days, hours, visitors
from dashboard.screens.users import loyalty, sessions
from dashboard.screens.users import value as users_value
from dashboard.sections import HOW_TO_MEASURE, blocks
from shopstream.people.query import connect
from tests.helpers.warehouse import PROJECT

PARTS = [(page.path, part.name) for page in PAGES for part in page.parts]
HOSTILE = "=<script>alert('x')</script> $a$ **b** [c](javascript:alert(1))"
SCRIPT = """
from dashboard.app import PAGES
from dashboard.browser import show
show(next(page for page in PAGES if page.path == {path!r}), PAGES, {{}})
"""


def run(path: str, **parameters: str | list[str]) -> AppTest:
    """A page with these parameters in its address; it must not raise."""
    page = AppTest.from_string(SCRIPT.format(path=path), default_timeout=60)
    for name, value in parameters.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def ask(warehouse: Path, sql: str) -> tuple:
    """One row of an independent computation over the core marts."""
    return connect(warehouse, sql).execute(sql).fetchone()


def metrics(page: AppTest) -> dict[str, str]:
    """Values of the cards by name, as shown."""
    return {each.label: each.value.replace("\\", "") for each in page.metric}


def only(warehouse: Path, target: Path, keep) -> Path:
    """A copy of a warehouse whose build has only the tables that `keep` keeps."""
    target.mkdir()
    published = json.loads((warehouse / "published.json").read_text())
    published.pop("checksum", None)
    published["tables"] = {
        name: {**entry, "path": str(warehouse / entry["path"])}
        for name, entry in published["tables"].items()
        if keep(name)
    }
    (target / "published.json").write_text(json.dumps(published))
    return target


# --- values -----------------------------------------------------------------------------------


def test_changes_are_against_the_week_before(shown, warehouse):
    weeks = "select sum(price) from fct_events where event_type = 'purchase' and event_date"
    (now,) = ask(warehouse, f"{weeks} between '2019-10-14' and '2019-10-20'")
    (then,) = ask(warehouse, f"{weeks} between '2019-10-07' and '2019-10-13'")
    page = run("overview", period="Week of 14 Oct 2019")
    revenue = next(each for each in page.metric if each.label == "Revenue")
    assert revenue.delta == f"{100 * (float(now) / float(then) - 1):+.1f} %"
    # The first whole week has nothing before it.
    page = run("overview", period="Week of 7 Oct 2019")
    assert not any(each.delta for each in page.metric)


def test_the_summary_and_its_insights_are_of_the_same_dates(shown):
    week = View(stored_periods(shown)["Week of 14 Oct 2019"])
    everything = View(stored_periods(shown)["All dates"])
    (table,) = definitions.summary(shown, week)
    said = table.rows.set_index("metric_name")["insight"]
    assert said[said != ""].to_dict() == insights.by_metric(shown, everything)
    assert said[said != ""].to_dict() != insights.by_metric(shown, week)


def test_what_changed_comes_first_and_what_is_of_all_dates_last(shown):
    week = View(stored_periods(shown)["Week of 14 Oct 2019"])
    said = [insight.said for insight in insights.all_insights(shown, week)]
    assert said[0].startswith("Revenue is ")
    of_all_dates = ["(all dates" in sentence for sentence in said]
    assert any(of_all_dates) and of_all_dates == sorted(of_all_dates)


def test_an_insight_links_to_what_it_tells(shown):
    found = insights.busiest_hour(shown, default_view(now.PART, shown))
    _, path, _, chosen = found.shown()
    page = run(path, **chosen)
    assert page.header[0].value == "Sessions by hour of the day"


def test_dates_that_are_a_stored_period_are_that_period(shown):
    stored = stored_periods(shown)
    week = period_of(datetime.date(2019, 10, 7), datetime.date(2019, 10, 13), stored)
    assert week.stored == ("week", datetime.date(2019, 10, 7))
    one_day = period_of(datetime.date(2019, 10, 9), datetime.date(2019, 10, 9), stored)
    assert one_day.stored[0] == one_day.before.stored[0] == "day"


def test_the_days_of_an_unfinished_week_are_compared_with_as_many_before(shown):
    stored = stored_periods(shown)
    begun = stored["Week of 28 Oct 2019"]
    chosen = period_of(begun.first, begun.last, stored)
    assert chosen == begun
    # Of Monday to Thursday, or to Friday where the next day's file is loaded.
    assert chosen.before.last == datetime.date(2019, 10, 27)
    assert chosen.before.last - chosen.before.first == begun.last - begun.first
    assert period_of(stored["All dates"].first, stored["All dates"].last, stored).before is None


@pytest.mark.parametrize(
    ("change", "moved"), [(None, None), (-0.03, "unchanged"), (0.06, "+0.1 %"), (-12.34, "-12.3 %")]
)
def test_a_change_that_rounds_to_nothing_is_no_fall(change, moved):
    assert Card("revenue", "1", change=change).moved == moved


def test_a_weekday_that_no_hour_is_missing_of_is_shown(shown, warehouse):
    tokyo = replace(default_view(hours.PART, shown), display=Display(zone="Asia/Tokyo"))
    wednesday = datetime.date(2019, 10, 9)
    day = replace(tokyo, period=period_of(wednesday, wednesday, stored_periods(shown)))
    (chart,) = hours.by_weekday(shown, day)
    assert chart.rows.empty
    thursday = wednesday + datetime.timedelta(days=1)
    days = replace(tokyo, period=period_of(wednesday, thursday, stored_periods(shown)))
    (chart,) = hours.by_weekday(shown, days)
    (revenue,) = ask(
        warehouse,
        """select sum(price) from fct_events where event_type = 'purchase'
        and event_time >= '2019-10-09 15:00' and event_time < '2019-10-10 15:00'""",
    )
    assert chart.rows["weekday"].tolist() == ["Thu"]
    assert chart.rows["mean"].tolist() == pytest.approx([float(revenue)])


def test_the_rows_of_a_chart_hold_all_that_it_draws(shown):
    week = View(stored_periods(shown)["Week of 14 Oct 2019"], choices={"grain": "day"})
    (chart,) = now.revenue(shown, week)
    assert list(chart.figure.data[1].y) == chart.rows["revenue_before"].tolist()
    assert chart.rows["period_start_before"].iloc[0] == pd.Timestamp("2019-10-07")


def test_the_brand_filter_leaves_the_products_of_that_brand(shown, warehouse):
    brand, sold = ask(
        warehouse,
        """select brand, count(distinct e.product_id) from fct_events as e
        join dim_products using (product_id) where event_type = 'purchase' and price > 0
        group by brand having brand <> 'unknown_brand'
        order by sum(e.price) desc limit 1""",
    )
    page = run("products")
    page.selectbox(key="brand").set_value(brand).run()
    assert not page.exception
    view = View(default_period(stored_periods(shown)), choices={"brand": brand})
    (chart,) = sellers.top_products(shown, view)
    assert set(chart.rows["brand"]) == {brand}
    assert len(chart.rows) == min(sold, 100)


def test_the_category_filter_takes_a_whole_branch(shown, warehouse):
    view = View(default_period(stored_periods(shown)), choices={"category": "electronics"})
    (chart,) = sellers.brands(shown, view)
    (revenue,) = ask(
        warehouse,
        """select sum(revenue) from daily_categories_brands
        where category_code = 'electronics' or category_code like 'electronics.%'""",
    )
    assert chart.rows["revenue"].sum() == pytest.approx(float(revenue))


def test_hours_move_with_the_display_time_zone(shown):
    first, last = datetime.date(2019, 10, 1), datetime.date(2019, 10, 20)
    utc = data.activity.hours(shown, first, last, "UTC").groupby("event_hour")["revenue"].sum()
    there = (
        data.activity.hours(shown, first, last, "Asia/Dubai").groupby("event_hour")["revenue"].sum()
    )
    assert there[13] == pytest.approx(utc[9])
    assert there.sum() == pytest.approx(utc.sum())


@pytest.mark.parametrize(
    ("zone", "hours_in", "said"),
    [
        ("UTC", "UTC", "All dates. From"),
        ("Asia/Dubai", "Asia/Dubai", "All dates. Dates in UTC. From"),
        ("Asia/Kolkata", "UTC", "All dates. In UTC: Asia/Kolkata is not whole hours off. From"),
    ],
)
def test_hours_say_which_zone_they_and_their_dates_are_in(shown, zone, hours_in, said):
    period = stored_periods(shown)["All dates"]
    view = View(period, Display(zone), choices={"measure": "revenue"})
    charts_of_hours = [
        chart
        for section in (hours.by_hour, hours.by_weekday, hours.week, sessions.week)
        for chart in section(shown, view)
    ]
    assert charts_of_hours[0].figure.layout.xaxis.title.text == f"hour of the day ({hours_in})"
    assert charts_of_hours[0].caption.startswith(said)
    assert all(said.removesuffix(" From") in chart.caption for chart in charts_of_hours)
    assert f":00 {hours_in}" in insights.best_hours(shown, view).sentence


CYCLES = """
    select {position} as position, count(distinct session_key) as sessions,
        count(distinct user_id) filter (user_id <> -999999) as users
    from fct_events group by 1 order by 1
"""


@pytest.mark.parametrize(("count", "column"), visitors.COLUMNS.items())
def test_visitors_count_once_in_each_hour(shown, warehouse, count, column):
    sql = CYCLES.format(position="hour(event_time)")
    expected = connect(warehouse, sql).execute(sql).df()
    (chart,) = visitors.by_hour(shown, View(choices={"count": count}))
    assert list(chart.figure.data[0].y) == expected[column].tolist()
    assert len(expected) == len(chart.rows)
    assert "All dates" in chart.caption


def test_without_any_events_pages_say_what_to_do(shown, monkeypatch):
    nothing = data.activity.periods(shown).head(0)
    monkeypatch.setattr(data.activity, "periods", lambda _: nothing)
    for part in ("Visitors", "Hours"):
        page = run("time", part=part)
        said = [each.value.replace("\\", "") for each in page.info]
        assert any("There is no row in period_activity" in each for each in said)
        assert not any("can't be shown" in each for each in said)


def test_the_count_filter_changes_every_chart_of_the_visitors(shown):
    page = run("time", part="Visitors", count="sessions")
    assert page.selectbox(key="count").value == "sessions"
    assert [each.value.split()[0] for each in page.header] == ["Sessions"] * 3


def test_an_insight_about_sessions_comes_from_the_hours_they_are_open(shown, warehouse):
    hour, sessions = ask(
        warehouse,
        """select hour(event_time) as hour, count(distinct session_key) as n
        from fct_events group by 1 order by n desc, hour limit 1""",
    )
    (everything,) = ask(warehouse, "select count(*) from dim_sessions")
    found = insights.busiest_hour(shown, default_view(now.PART, shown))
    assert f"from {hour:02d}:00 to" in found.sentence
    assert words.number(100 * sessions / everything, "%") in found.sentence


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2019-09-30", "2019-10-20", [True, True, True]),
        ("2019-10-01", "2019-10-20", [False, True, True]),
        ("2019-09-30", "2019-10-18", [True, True, False]),
    ],
)
def test_a_week_is_whole_only_within_the_dates_and_the_data(first, last, expected):
    starts = pd.to_datetime(["2019-09-30", "2019-10-07", "2019-10-14"])
    rows = pd.DataFrame({"period_start": starts, "period_end": starts + pd.Timedelta(days=6)})
    dates = (datetime.date.fromisoformat(first), datetime.date.fromisoformat(last))
    assert wholly("week", rows, *dates) == expected
    rows.loc[2, "period_end"] = pd.Timestamp("2019-10-17")
    assert wholly("week", rows, *dates)[2] is False


# --- every page -------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "part"), PARTS)
def test_a_page_shows_all_it_can(shown, path, part):
    page = run(path, part=part)
    assert not any("can't be shown" in each.value for each in page.info)
    assert not any("This build has no" in each.value for each in page.info)
    # What only a measurement fills may be empty, and names its command.
    said = [*HOW_TO_MEASURE.values(), "is chosen"]
    assert page.header or any(how in page.info[0].value.replace("\\", "") for how in said)


@pytest.mark.parametrize("path", [page.path for page in PAGES])
def test_without_business_marts_a_page_says_how_to_build_them(
    warehouse, path, tmp_path, monkeypatch
):
    core = only(
        warehouse,
        tmp_path / "core",
        lambda name: name.startswith(("shopstream_core", "shopstream_quality")),
    )
    monkeypatch.setenv("SHOPSTREAM_WAREHOUSE", str(core))
    page = run(path)
    assert not any("can't be shown" in each.value for each in page.info)
    if path not in {"quality", "performance"}:
        assert "make build" in page.info[0].value


@pytest.mark.parametrize("path", [page.path for page in PAGES])
def test_before_any_build_a_page_says_what_to_do(path, tmp_path, monkeypatch):
    monkeypatch.setenv("SHOPSTREAM_WAREHOUSE", str(tmp_path))
    assert "make build" in run(path).info[0].value


def fails(*_):
    raise RuntimeError("secret detail")


def test_a_chart_that_fails_is_told_in_words_and_the_rest_holds(shown, monkeypatch):
    whole = [each.value for each in run("products").header]
    monkeypatch.setattr(data.products, "brands", fails)
    page = run("products")
    said = [each.value for each in page.info]
    assert any("Brands can't be shown" in words.replace("\\", "") for words in said)
    assert "secret" not in str(said)
    rest = [title for title in whole if title != "Revenue by brand, and its share"]
    assert len(rest) == len(whole) - 1
    assert [each.value for each in page.header] == rest


def test_a_head_that_fails_is_told_in_words(shown, monkeypatch):
    monkeypatch.setattr(data.activity, "periods", fails)
    page = run("overview")
    assert "Overview can't be shown" in page.info[0].value.replace("\\", "")
    assert "secret" not in page.info[0].value
    assert page.title[0].value == "How is the store doing?"
    assert "secret" not in report(PAGES, shown)
    # A page without dates does not need them.
    assert run("quality").metric and not run("quality", part="Trust").info


def test_a_build_whose_tests_can_not_be_read_is_shown(shown, monkeypatch):
    monkeypatch.setattr(data.quality, "tests_of_last_build", fails)
    page = run("overview")
    assert page.metric and not page.info
    assert "passed" not in page.caption[0].value


def test_the_shared_link_names_the_dates_that_are_shown(shown):
    """Left out, the default would be another month after the next build."""
    default = default_period(stored_periods(shown)).words
    assert f"period={quote_plus(default)}" in run("overview").code[0].value
    week = run("overview", period="Week of 14 Oct 2019", grain="week")
    assert week.code[0].value.endswith("?period=Week+of+14+Oct+2019&grain=week")
    dates = run("overview", period="Other dates…", dates=["2019-10-03", "2019-10-09"])
    assert dates.code[0].value.endswith("&dates=2019-10-03&dates=2019-10-09")
    assert "period" not in run("users", part="Loyalty").code[0].value


def test_a_click_holds_where_it_stopped_a_run_that_had_written_no_address(shown, monkeypatch):
    with monkeypatch.context() as stopped:
        stopped.setattr("dashboard.browser.write_address", lambda *_: None)
        page = run("users")
    page.segmented_control(key="part").set_value("Sessions").run()
    assert page.segmented_control(key="part").value == "Sessions"
    assert page.query_params["part"] == "Sessions"


def test_a_click_holds_where_it_comes_with_the_address_before(shown):
    page = run("users", part="Sessions")
    page.segmented_control(key="part").set_value("Loyalty").run()
    page.query_params["part"] = "Sessions"
    page.selectbox(key="retention").set_value("visits by day").run()
    assert page.query_params["part"] == "Loyalty"
    assert page.query_params["retention"] == "visits by day"


def test_another_address_shows_what_it_names(shown):
    page = run("users", part="Sessions")
    page.query_params["part"] = "Loyalty"
    page.run()
    assert page.segmented_control(key="part").value == "Loyalty"


def test_performance_says_how_to_measure_what_was_not_measured(shown):
    if "optimizations" not in shown.tables:
        assert "bench lab" in run("performance", part="Optimizations").info[0].value
    if "bench_runs" not in shown.tables:
        assert "make bench" in run("performance", part="Benchmark").info[0].value


def test_rows_are_shown_before_and_after_cleaning(shown, warehouse):
    delivered, brand = ask(
        warehouse,
        """select delivered_row, brand from sample_rows where file_sha256 = (
            select file_sha256 from row_ledger order by load_id desc, source_file desc limit 1)
        order by row_number limit 1""",
    )
    (table,) = cleaning.before_after(shown, View())
    before, after = table.rows.iloc[0], table.rows.iloc[1]
    assert before["price"] == json.loads(delivered)["price"]
    assert (before["stage"], after["brand"]) == ("delivered", brand)
    raw = {"row_number": 1, "delivered_row": "2019,view,1"}
    assert cleaning.delivered(raw)["event_time"] == "2019,view,1"


def test_each_reason_of_quarantine_shows_its_first_row(shown, warehouse):
    reason, rows, example = ask(
        warehouse,
        """select reason, count(*), arg_min(delivered_row, (source_file, coalesce(row_number, -1)))
        from quarantined_events group by reason order by count(*) desc, reason limit 1""",
    )
    first = data.quality.quarantine(shown).iloc[0]
    assert (first["reason"], first["rows"], first["example"]) == (reason, rows, example)


@pytest.mark.parametrize(
    ("reason", "row", "value", "line"),
    [
        ("bad_price", '{"user_id":"1","brand":null,"price":"free"}', "free", "1, , free"),
        ("bad_user_id", '{"user_id":null,"price":"1"}', "nothing", ", 1"),
        ("bad_row", "2019-10-05,view", "the whole row", "2019-10-05,view"),
        ("bad_row", "5", "the whole row", "5"),
        ("bad_row", '{"a":"5"}', "the whole row", '{"a":"5"}'),
        ("bad_row", '{"price":5}', "the whole row", '{"price":5}'),
        ("bad_row", '{"brand":{"x":1}}', "the whole row", '{"brand":{"x":1}}'),
    ],
)
def test_a_quarantined_row_shows_the_value_at_fault(reason, row, value, line):
    assert unused.fault(reason, row) == (value, line)


def test_a_row_of_one_number_is_shown_before_cleaning():
    assert cleaning.delivered({"row_number": 1, "delivered_row": "5"})["event_time"] == "5"


@pytest.mark.parametrize(
    ("measure", "colour"),
    [
        ("purchases", charts.EVENT_COLOURS["purchase"]),
        ("views", charts.EVENT_COLOURS["view"]),
        ("revenue", charts.ACCENT),
        ("events", charts.ACCENT),
    ],
)
def test_an_event_type_has_its_colour_on_time_too(shown, measure, colour):
    view = View(stored_periods(shown)["All dates"], choices={"measure": measure, "watched": "cart"})
    for section in (hours.by_hour, hours.by_weekday, hours.by_month):
        (chart,) = section(shown, view)
        assert chart.figure.data[0].marker.color == colour
    (band,) = days.hourly_band(shown, view)
    assert band.figure.data[1].line.color == charts.EVENT_COLOURS["cart"]


def test_one_cohort_can_be_chosen(shown, warehouse):
    week = "14 Oct 2019"
    assert week in data.users.cohort_starts(shown, "visit", "week")
    choices = {"retention": "visits by week"}
    assert list(loyalty.one_cohort(shown, View(choices=choices))) == []
    (chart,) = loyalty.one_cohort(shown, View(choices={**choices, "cohort": week}))
    expected = connect(warehouse, "retention_cohorts").execute(
        """select retention from retention_cohorts where activity = 'visit' and period_number > 0
        and period_type = 'week' and cohort_start = '2019-10-14' and retention is not null
        order by period_number"""
    )
    assert list(chart.figure.data[0].y) == [each for (each,) in expected.fetchall()]
    (none,) = loyalty.one_cohort(shown, View(choices={**choices, "cohort": "15 Oct 2019"}))
    assert none.title == "No week of first visits begins on 15 Oct 2019"
    page = run("users", part="Loyalty", cohort=week)
    assert any(week in each.value for each in page.caption)


def test_who_moves_up_a_segment_from_several_others_is_added_up(shown, warehouse):
    expected = connect(warehouse, "segment_changes fct_events").execute(
        """select to_segment, sum(users) from segment_changes where from_segment <> 'New'
        and week_start = (select max(week_start) from segment_changes
            where week_start + 6 <= (select max(event_date) from fct_events)) group by 1"""
    )
    (chart,) = loyalty.moves(shown, View())
    drawn = {line.name.removeprefix("became "): line.y[-1] for line in chart.figure.data}
    assert drawn == dict(expected.fetchall())
    order = data.users.segment_names(shown)
    assert list(drawn) == [name for name in order if name in drawn]
    colours = [charts.colours_of(order)[name] for name in drawn]
    assert [line.line.color for line in chart.figure.data] == colours


def test_a_store_without_purchases_says_no_shares(shown, monkeypatch):
    rows = data.users.concentration(shown).assign(revenue_share=float("nan"), gini=float("nan"))
    monkeypatch.setattr(data.users, "concentration", lambda _: rows)
    (chart,) = users_value.concentration(shown, View())
    assert "nan" not in chart.title + chart.caption
    assert len(chart.figure.data) == 0
    nobody = data.users.segment_moves(shown).head(0)
    monkeypatch.setattr(data.users, "segment_moves", lambda _: nobody)
    (empty,) = loyalty.moves(shown, View())
    assert empty.title == "Nobody moved up a segment"


def test_an_empty_table_says_so_on_the_page_and_in_the_report(shown, monkeypatch):
    nothing = data.explorer.customers(shown, None, 5).head(0)
    monkeypatch.setattr(data.explorer, "customers", lambda *_: nothing)
    page = run("users")
    assert any("nothing to list" in each.value for each in page.caption)
    assert "There is nothing to list. All dates, highest revenue first." in report(PAGES, shown)


@pytest.fixture
def october(monkeypatch):
    """The dates held are those of the month that others published figures of."""
    monkeypatch.setattr(data.activity, "whole", lambda build: doubts.PUBLISHED)


def test_published_figures_are_shown_beside_their_own_month_only(shown, monkeypatch):
    first, last = doubts.PUBLISHED
    longer = first, last + datetime.timedelta(days=1)
    monkeypatch.setattr(data.activity, "whole", lambda build: longer)
    assert list(doubts.published_figures(shown, View())) == []


def test_figures_of_several_units_say_their_unit(shown, october):
    (weight,) = doubts.weight(shown, View())
    rows = weight.rows.set_index("metric_name")["with_all_shown"]
    assert rows["revenue"].startswith("$")
    assert rows["orders / sessions"].endswith(" %")
    assert rows["average duration"].endswith(" s")
    (figures,) = doubts.published_figures(shown, View())
    spender = figures.rows.set_index("figure").loc["top spender"]
    assert spender["published_shown"] == "519267944"
    assert spender["difference_shown"] == "–"
    # Spreadsheets get numbers.
    assert figures.rows["held_value"].dtype == weight.rows["with_all"].dtype == float


def test_the_top_spender_is_hidden_with_the_other_user_ids(shown, october):
    (figures,) = doubts.published_figures(shown, View(display=Display(hides_users=True)))
    assert "top spender" not in set(figures.rows["figure"])
    assert "spent by the top spender" in set(figures.rows["figure"])


def test_every_column_of_a_table_has_its_words(shown):
    for page in PAGES:
        for part in page.parts:
            view = default_view(part, shown)
            for section in part.sections:
                for block in blocks(section, shown, view):
                    assert set(getattr(block, "columns", ())) <= set(COLUMNS)


def test_the_latest_month_that_can_be_compared_is_shown_first():
    month = Period("November 2019", datetime.date(2019, 11, 1), datetime.date(2019, 11, 30))
    everything = Period("All dates", datetime.date(2019, 10, 1), datetime.date(2019, 11, 30))
    november = replace(month, stored=("month", month.first), before=everything)
    week = replace(november, words="a week", stored=("week", month.first))
    shown = {"All dates": everything, "a week": week, "November 2019": november}
    assert default_period(shown) is november
    assert default_period({"All dates": everything, "a week": week}) is everything


def test_a_page_is_short():
    """A part of a page is filters, query, chart, caption, in about 60 lines."""
    for module in (PROJECT / "dashboard" / "screens").rglob("*.py"):
        lines = len(module.read_text().splitlines())
        assert lines <= 70, f"{module.name} has {lines} lines, 70 are allowed: split the part"


# --- hostile input ----------------------------------------------------------------------------


PRODUCTS = {"period": "All dates", "category": "All categories", "brand": "All brands"}


@pytest.mark.parametrize(
    ("name", "path", "part", "unchosen"),
    [
        *((name, "products", "Sellers", PRODUCTS) for name in [*PRODUCTS, "dates", "part", "x"]),
        (
            "pairs",
            "products",
            "Baskets",
            PRODUCTS | {"pairs": "products viewed", "bond": "together"},
        ),
        ("segment", "users", "Sessions", {"period": "All dates", "segment": "All segments"}),
    ],
)
@pytest.mark.parametrize(
    "value", ["<script>alert(1)</script>", "' or 1=1 --", "../../etc/passwd", "", "9" * 4000, "\0"]
)
def test_hostile_parameters_count_as_nothing_chosen(shown, name, path, part, unchosen, value):
    # The first part of a page is shown where none is named.
    chosen = {} if part == "Sellers" else {"part": part}
    page = run(path, **chosen, **{name: value})
    assert page.segmented_control(key="part").value == part
    assert {each.key: each.value for each in page.selectbox} == unchosen
    # Of what no box shows, as dates, nothing is kept either.
    assert page.query_params == chosen


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (["2019-13-45", "x"], None),
        (["2019-10-09", "x"], None),
        (["1000-01-01", "9999-12-31"], None),
        # What is left of a choice that was not finished is that one day.
        (["2019-10-09"], ("2019-10-09", "2019-10-09")),
        (["2019-10-20", "2019-10-09"], ("2019-10-09", "2019-10-20")),
    ],
)
def test_hostile_dates_fall_back_to_dates_in_the_data(shown, warehouse, dates, expected):
    everything = ask(warehouse, "select min(event_date), max(event_date) from fct_events")
    page = run("overview", period="Other dates…", dates=dates)
    first, last = page.date_input(key="dates").value
    assert (f"{first}", f"{last}") == (expected or tuple(map(str, everything)))


@pytest.fixture
def hostile(warehouse, tmp_path, monkeypatch):
    """A warehouse in which the brand with most revenue has a hostile name."""
    target = only(warehouse, tmp_path / "hostile", lambda name: True)
    published = json.loads((target / "published.json").read_text())
    build = data.read_build(warehouse)
    top = ask(
        warehouse,
        "select brand from daily_categories_brands group by brand order by sum(revenue) desc",
    )[0]
    for mart in ("daily_categories_brands", "dim_products"):
        entry = build.tables[mart]
        table = DeltaTable(warehouse / entry["path"], version=entry["version"]).to_pyarrow_table()
        names = [HOSTILE if name == top else name for name in table["brand"].to_pylist()]
        place = table.schema.get_field_index("brand")
        table = table.set_column(place, "brand", pa.array(names))
        write_deltalake(target / mart, table)
        name = next(name for name in published["tables"] if name.endswith(f".{mart}"))
        published["tables"][name] = {"path": str(target / mart), "version": 0}
    (target / "published.json").write_text(json.dumps(published))
    monkeypatch.setenv("SHOPSTREAM_WAREHOUSE", str(target))
    return data.read_build(target)


def test_a_hostile_brand_is_shown_as_text_and_can_be_chosen(hostile):
    page = run("products")
    assert HOSTILE in page.selectbox(key="brand").options
    page.selectbox(key="brand").set_value(HOSTILE).run()
    assert not page.exception
    page = run("products", brand=HOSTILE)
    assert page.selectbox(key="brand").value == HOSTILE
    texts = [each.value for each in [*page.caption, *page.header, *page.markdown]]
    assert not any(re.search(r"(?<!\\)<script|(?<!\\)\$a", text) for text in texts)


def test_a_hostile_brand_is_text_in_the_report_too(hostile):
    html = report(PAGES, hostile)
    body = html[html.index("<body>") :]
    assert "<script>alert" not in body
    assert "&lt;script&gt;alert" in body


# --- settings, report ---------------------------------------------------------------------------


def test_user_ids_can_be_hidden(shown, monkeypatch):
    (table,) = users_value.buyers(shown, default_view(users_value.PART, shown))
    ids = set(table.rows["user_id"])
    assert len(ids) > 1
    monkeypatch.setenv("SHOPSTREAM_HIDE_USER_IDS", "1")
    (table,) = users_value.buyers(shown, default_view(users_value.PART, shown))
    assert set(table.rows["user_id"]) == {"hidden"}
    body = report(PAGES, shown)
    assert not any(f">{each}<" in body for each in ids)


@pytest.mark.parametrize("value", ["on", "y", "ja", "YES ", "1", "true"])
def test_a_setting_that_is_not_no_hides_user_ids(value, monkeypatch):
    monkeypatch.setenv("SHOPSTREAM_HIDE_USER_IDS", value)
    assert Display.from_environment().hides_users


@pytest.mark.parametrize("value", ["", "0", "No", "false", "off"])
def test_user_ids_are_shown_where_the_setting_is_no(value, monkeypatch):
    monkeypatch.setenv("SHOPSTREAM_HIDE_USER_IDS", value)
    assert not Display.from_environment().hides_users


def test_users_of_rows_before_and_after_cleaning_can_be_hidden(shown):
    (table,) = cleaning.before_after(shown, View(display=Display(hides_users=True)))
    # Without any rows this is not the set of the one word.
    assert set(table.rows[["user_id", "user_session"]].to_numpy().flat) == {"hidden"}
    (table,) = cleaning.before_after(shown, View())
    assert "hidden" not in set(table.rows[["user_id", "user_session"]].to_numpy().flat)


def test_users_of_quarantined_rows_can_be_hidden(shown):
    values = ["example", "fault", "example_values"]
    (table,) = unused.quarantine(shown, View(display=Display(hides_users=True)))
    assert set(table.rows[values].to_numpy().flat) == {"hidden"}
    (table,) = unused.quarantine(shown, View())
    assert "hidden" not in set(table.rows[values].to_numpy().flat)


def test_a_row_that_could_not_be_split_tells_no_user_either(shown, monkeypatch):
    rows = data.quality.sample_rows(shown).head(1)
    raw = rows.assign(delivered_row="2019-10-01,view,1,2,,,3.00,512345678")
    monkeypatch.setattr(data.quality, "sample_rows", lambda _: raw)
    (table,) = cleaning.before_after(shown, View(display=Display(hides_users=True)))
    assert "512345678" not in table.rows.to_csv()
    (table,) = cleaning.before_after(shown, View())
    assert "512345678" in table.rows.to_csv()


def test_measured_optimizations_are_shown_before_and_after(shown, monkeypatch):
    rows = pd.DataFrame(
        {name: [1.0, 2.0] for name in optimizations_of.COLUMNS[4:]}
        | {name: ["a", "b"] for name in optimizations_of.COLUMNS[:4]}
        | {"events": [1000, 1000], "commit": ["abc", "abc"], "verdict": ["hurts", "helps"]}
    )
    monkeypatch.setattr(data.performance, "optimizations", lambda _: rows)
    chart, table = optimizations_of.measured(shown, View())
    assert [trace.name for trace in chart.figure.data] == ["without", "with"]
    assert list(chart.figure.data[0].x) == [2.0]
    assert len(table.rows) == 2


def test_the_currency_sign_is_a_setting(shown, monkeypatch):
    monkeypatch.setenv("SHOPSTREAM_CURRENCY", "€")
    assert metrics(run("overview"))["Revenue"].startswith("€")


def test_without_a_currency_sign_nothing_is_left_of_it(shown, monkeypatch):
    monkeypatch.setenv("SHOPSTREAM_CURRENCY", "")
    for page in PAGES:
        for part in page.parts:
            view = default_view(part, shown)
            for block in (each for s in part.sections for each in blocks(s, shown, view)):
                figure = block.figure.to_json() if hasattr(block, "figure") else ""
                assert "()" not in figure


def test_charts_in_the_report_have_their_words(shown):
    # A title and a caption: an empty one would leave the full stop between them.
    label = r'<div role="img" aria-label="\w[^"]*\. \w[^"]*"'
    charts_of_report = len(re.findall(label, report(PAGES, shown)))
    views = [(part, default_view(part, shown)) for page in PAGES for part in page.parts]
    made = [b for part, view in views for s in part.sections for b in blocks(s, shown, view)]
    assert charts_of_report == sum(hasattr(block, "figure") for block in made)


def test_the_report_is_one_file_with_all_pages(shown):
    html = report(PAGES, shown)
    for page in PAGES:
        assert f'id="{page.path}"' in html
        for part in page.parts:
            view = default_view(part, shown)
            for section in part.sections:
                for block in blocks(section, shown, view):
                    assert not getattr(block, "words", "").startswith("The rest of the page")
    # Nothing is fetched but Plotly's own code.
    assert not re.search(r'(src|href)="(https?:)?//', html[html.index("<body>") :])


def test_findings_are_silent_when_the_data_is_thin(shown, monkeypatch):
    view = default_view(now.PART, shown)
    day = datetime.date(2019, 10, 1)
    thin = View(period_of(day, day, stored_periods(shown)), choices=view.choices)
    orders = data.ranges.added_up(shown, day, day)["orders"]
    monkeypatch.setattr(insights, "FEWEST", orders + 1)
    (block,) = now.findings(shown, thin)
    assert not block.sentences and block.otherwise
    monkeypatch.setattr(insights, "FEWEST", orders)
    (block,) = now.findings(shown, thin)
    assert block.sentences


def test_the_server_is_bound_to_this_machine_and_tells_no_one():
    text = (PROJECT / ".streamlit" / "config.toml").read_text()
    for line in (
        'address = "127.0.0.1"',
        "enableXsrfProtection = true",
        "gatherUsageStats = false",
        'showErrorDetails = "none"',
    ):
        assert line in text
    python = "".join(file.read_text() for file in (PROJECT / "dashboard").rglob("*.py"))
    assert "unsafe_allow" not in python
