"""The figures of any dates and filters equal a computation of their own over the core marts."""

import datetime
from dataclasses import replace

import pytest

from dashboard import data, figures, words
from dashboard.blocks import Display
from dashboard.charts.look import QUIET
from dashboard.filters import default_view
from dashboard.periods import (
    LAST_7_DAYS,
    MONTH_BEFORE,
    OTHER_DATES,
    SAME_WEEKDAYS,
    YEAR_BEFORE,
    Period,
    period_of,
    presets,
    stored_as,
    stored_periods,
)
from dashboard.screens.overview import compared, now
from dashboard.screens.overview.cards import change
from dashboard.screens.overview.funnels import conversions, funnel
from dashboard.screens.users import sessions
from tests.dashboard.test_pages import ask, metrics, run

WEEK = ("2019-10-07", "2019-10-13")
# No day, week or month: nothing stored has figures of these dates.
ODD = ("2019-10-03", "2019-10-12")
STORE = """
    select (select sum(price) from fct_events
            where event_type = 'purchase' and {events}) as revenue,
        (select count(*) from dim_sessions where has_purchased and {sessions}) as orders,
        (select 100.0 * count(*) filter (has_purchased) / count(*) from dim_sessions
            where {sessions}) as conversion,
        (select sum(total_spent) / count(*) from dim_sessions
            where has_purchased and {sessions}) as value,
        (select count(distinct user_id) from fct_events
            where user_id <> -999999 and {events}) as users,
        (select sum(price) / count(distinct user_id) from fct_events
            where user_id <> -999999 and event_type = 'purchase' and {events}) as customer
"""


def between(column: str, dates: tuple[str, str]) -> str:
    """A condition on dates."""
    return f"{column} between '{dates[0]}' and '{dates[1]}'"


def view_of(build, dates: tuple[str, str], **choices):
    """The Overview of these dates and filters."""
    view = default_view(now.PART, build)
    first, last = map(datetime.date.fromisoformat, dates)
    period = period_of(first, last, stored_periods(build))
    return replace(view, period=period, choices=view.choices | choices)


@pytest.mark.parametrize("dates", [("2000-01-01", "2100-01-01"), WEEK, ODD])
def test_cards_show_what_the_core_marts_say(shown, warehouse, dates):
    sql = STORE.format(sessions=between("session_date", dates), events=between("event_date", dates))
    units = ["money", "", "percent", "money", "", "money"]
    expected = [
        words.in_unit(float(value), unit, "$")
        for value, unit in zip(ask(warehouse, sql), units, strict=True)
    ]
    everything = dates[0] == "2000-01-01"
    page = run("overview", **({} if everything else {"period": OTHER_DATES, "dates": list(dates)}))
    assert list(metrics(page).values()) == expected
    assert [each.name for each in figures.OF_STORE] == list(metrics(page))


def test_cards_of_a_brand_and_category_are_those_of_its_events(shown, warehouse):
    category = "electronics"
    revenue, all_revenue, purchases, views = ask(
        warehouse,
        f"""select sum(revenue), (select sum(price) from fct_events
                where event_type = 'purchase' and {between("event_date", ODD)}),
            sum(total_purchases), sum(total_views)
        from daily_categories_brands
        where brand = 'apple' and category_code like '{category}.%'
            and {between("event_date", ODD)}""",
    )
    view = view_of(shown, ODD, brand="apple", category=category)
    found = figures.figures(shown, view, view.period)
    assert found["revenue"] == pytest.approx(float(revenue))
    assert found["share"] == pytest.approx(100 * float(revenue / all_revenue))
    assert (found["total_purchases"], found["total_views"]) == (purchases, views)
    (chart,) = now.revenue(shown, view)
    assert sum(chart.figure.data[0].y) == pytest.approx(float(revenue))
    assert "apple" in chart.caption


def test_cards_of_a_segment_are_those_of_its_sessions(shown, warehouse):
    segment = "Power User"
    orders, revenue, users, buyers = ask(
        warehouse,
        f"""select count(*) filter (has_purchased), sum(s.total_spent),
            (select count(distinct user_id) from fct_events join dim_users using (user_id)
                where user_segment = '{segment}' and {between("event_date", ODD)}),
            (select count(distinct user_id) from fct_events join dim_users using (user_id)
                where user_segment = '{segment}' and event_type = 'purchase'
                    and {between("event_date", ODD)})
        from dim_sessions as s join dim_users as u using (user_id)
        where user_segment = '{segment}' and {between("session_date", ODD)}""",
    )
    view = view_of(shown, ODD, segment=segment)
    found = figures.figures(shown, view, view.period)
    assert (found["orders"], found["users"], found["buyers"]) == (orders, users, buyers)
    assert found["revenue"] == pytest.approx(float(revenue))
    (chart,) = now.revenue(shown, view)
    assert sum(chart.figure.data[0].y) == pytest.approx(float(revenue))


def test_what_a_filter_does_not_reach_says_so(shown):
    view = view_of(shown, ODD, segment="Power User", brand="apple")
    (chart,) = now.revenue(shown, view)
    assert chart.title == "Revenue by day (all segments)"
    titles = [next(iter(section(shown, view))).title for section in (now.findings, conversions)]
    assert all("(all brands, all segments)" in title for title in titles)
    assert "(all brands, all segments)" in next(funnel(shown, view)).title


PEOPLE = """
    with persons as (
        select user_id, bool_or(event_type = 'view') as v, bool_or(event_type = 'cart') as c,
            bool_or(event_type = 'purchase') as p
        from fct_events where user_id <> -999999 and {} group by 1
    )
    select count(*) filter (v), count(*) filter (v and c), count(*) filter (v and c and p),
        count(*) filter (p and not c), 100.0 * count(*) filter (p) / count(*)
    from persons
"""


@pytest.mark.parametrize("dates", [WEEK, ODD])
def test_a_funnel_of_visitors_is_exact_for_any_dates(shown, warehouse, dates):
    expected = ask(warehouse, PEOPLE.format(between("event_date", dates)))
    rows = data.ranges.funnels(
        shown,
        *map(datetime.date.fromisoformat, dates),
        stored_as(*map(datetime.date.fromisoformat, dates)),
    ).set_index("definition")
    steps = ["viewed", "carted", "purchased", "purchases_without_cart", "overall"]
    assert rows.loc["users", steps].tolist() == pytest.approx(list(map(float, expected)))


def test_a_step_of_the_funnel_is_part_of_the_step_before(shown, warehouse):
    rows = data.ranges.funnels(shown, *data.activity.whole(shown)).set_index("definition")
    assert (rows["carted"] <= rows["viewed"]).all()
    assert (rows["purchased"] <= rows["carted"]).all()
    assert rows.loc["sessions_ordered", "of_sessions"] <= rows.loc["sessions_ordered", "overall"]
    any_order = rows.loc["sessions_any_order"]
    assert any_order["of_sessions"] == any_order["overall"]
    (chart,) = funnel(shown, default_view(now.PART, shown))
    ordered = rows.loc["sessions_ordered"]
    steps = ["viewed", "carted", "purchased", "purchases_without_cart"]
    # In order, and those without a cart in a bar of their own.
    assert list(chart.figure.data[0].x) == ordered[steps].tolist()
    on = words.number(100 * ordered.carted / ordered.viewed, "%")
    off = words.number(100 - 100 * ordered.carted / ordered.viewed, "%")
    assert f"{on} go on, {off} cart nothing" in chart.figure.data[0].text[1]


@pytest.mark.parametrize(
    ("value", "old", "unit", "expected"),
    [
        (110.0, 100.0, "", 10),
        (float("nan"), 100, "", None),
        (100, float("nan"), "", None),
        (1, 0, "", None),
        (6.5, 6.0, "percent", 0.5),
        (1.0, None, "money", None),
    ],
)
def test_a_change_is_known_only_where_both_figures_are(value, old, unit, expected):
    assert change(value, old, unit) == (expected and pytest.approx(expected))


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("dates", "how", "expected"),
    [
        (("2020-03-02", "2020-03-08"), SAME_WEEKDAYS, ("2020-02-24", "2020-03-01")),
        (("2020-03-01", "2020-03-31"), SAME_WEEKDAYS, ("2020-01-26", "2020-02-25")),
        (("2020-03-01", "2020-03-31"), MONTH_BEFORE, ("2020-02-01", "2020-02-29")),
        (("2020-02-01", "2020-02-29"), MONTH_BEFORE, ("2020-01-01", "2020-01-31")),
        (("2020-03-31", "2020-03-31"), MONTH_BEFORE, ("2020-02-29", "2020-02-29")),
        (("2020-03-05", "2020-03-09"), YEAR_BEFORE, ("2019-03-05", "2019-03-09")),
        (("2019-06-05", "2019-06-09"), YEAR_BEFORE, None),
    ],
)
def test_dates_can_be_compared_in_several_ways(dates, how, expected):
    period = Period("some", *map(day, dates), data_from=day("2019-01-01"))
    found = period.against(how)
    assert (found and (found.first, found.last)) == (expected and tuple(map(day, expected)))


def test_presets_move_on_with_the_data(shown):
    whole = Period("All dates", day("2019-10-01"), day("2019-12-11"), is_all=True)
    found = presets({"All dates": whole})
    assert {name: (str(each.first), str(each.last)) for name, each in found.items()} == {
        "Last 7 days": ("2019-12-05", "2019-12-11"),
        "Month to date": ("2019-12-01", "2019-12-11"),
        "Last month": ("2019-11-01", "2019-11-30"),
    }
    # Shared, they name their dates.
    last = data.activity.whole(shown)[1]
    first = last - datetime.timedelta(days=6)
    shared = run("overview", period=LAST_7_DAYS).code[0].value
    assert shared.endswith(f"&dates={first}&dates={last}")


def test_comparing_with_the_same_weekdays_changes_every_card(shown, warehouse):
    (sold,) = ask(warehouse, f"{SOLD} between '2019-10-16' and '2019-10-18'")
    (before,) = ask(warehouse, f"{SOLD} between '2019-10-09' and '2019-10-11'")
    dates = ["2019-10-16", "2019-10-18"]
    page = run("overview", period=OTHER_DATES, dates=dates, compare=SAME_WEEKDAYS)
    assert page.metric[0].delta == f"{100 * (float(sold / before) - 1):+.1f} %"


SOLD = "select sum(price) from fct_events where event_type = 'purchase' and event_date"


def test_a_target_is_drawn_and_its_gap_told(shown):
    view = view_of(shown, WEEK, grain="day")
    view = replace(view, display=Display(daily_target=1000.0))
    found = figures.figures(shown, view, view.period)
    assert "above its target, $7,000" in compared.gap(view, found)
    (chart,) = now.revenue(shown, view)
    (line,) = (trace for trace in chart.figure.data if trace.name == "target")
    assert list(line.y) == [1000.0] * 7
    # A part of the store has no target.
    part = replace(view, choices=view.choices | {"brand": "apple"})
    assert compared.gap(part, found) == ""


@pytest.mark.parametrize(("text", "target"), [("", 0.0), ("x", 0.0), ("-5", 0.0), ("2e3", 2000.0)])
def test_a_target_that_is_no_number_is_none(text, target, monkeypatch):
    monkeypatch.setenv("SHOPSTREAM_DAILY_TARGET", text)
    assert Display.from_environment().daily_target == target


def test_thin_numbers_look_thin(shown):
    first = data.activity.whole(shown)[0].isoformat()
    view = view_of(shown, (first, first), brand="no such brand")
    found = figures.figures(shown, view, view.period)
    assert compared.thin(view, found) == "Too few to rely on: the rates are of no purchases."
    whole = view_of(shown, WEEK)
    assert compared.thin(whole, figures.figures(shown, whole, whole.period)) == ""
    view = replace(default_view(sessions.PART, shown), display=Display(fewest=5000))
    (chart,) = sessions.durations(shown, view)
    bars = chart.figure.data[0]
    for colour, text, n in zip(bars.marker.color, bars.text, chart.rows["sessions"], strict=True):
        assert f"n {words.number(n)}" in text
        assert (colour == QUIET) == (n < 5000)
    assert QUIET in bars.marker.color and "Grey: fewer than 5000 sessions" in chart.caption
