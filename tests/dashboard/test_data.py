"""What the dashboard makes of hand-made marts: days and hours without events, periods in part."""

import datetime
from dataclasses import replace

import pandas as pd
import pytest
from deltalake import write_deltalake

from dashboard import data, figures, insights, sections
from dashboard.blocks import Chart, Empty, View
from dashboard.columns import COLUMNS
from dashboard.periods import Period, stored_periods, wholly
from dashboard.screens.overview import cards, now
from dashboard.screens.performance import bench, optimizations
from dashboard.screens.time import hours
from dashboard.screens.users import value
from shopstream.errors import NothingPublished, PublishedLost
from tests.helpers.made import made

FIRST, LAST = datetime.date(2019, 10, 1), datetime.date(2019, 10, 14)
DATES = [each.date() for each in pd.date_range(FIRST, LAST)]
SUMS = ["total_events", "total_views", "total_carts", "total_purchases", "revenue"]


def shop_open_from_9_to_21(folder) -> data.Build:
    """100 of everything in each open hour of two weeks; no row of the hours in which it is shut."""
    return shop(folder, DATES)


def shop(folder, dates: list[datetime.date], **marts) -> data.Build:
    """The same on these dates, all of them whole."""
    hours = [(date, hour) for date in dates for hour in range(9, 21)]
    rows = pd.DataFrame(hours, columns=["event_date", "event_hour"])
    whole = pd.DataFrame({"period_start": dates, "period_type": "day", "is_complete": True})
    sums = rows.assign(**dict.fromkeys(SUMS, 100))
    return made(folder, **{"hourly_activity": sums, "period_activity": whole, **marts})


def test_hours_without_events_count_in_the_means(tmp_path):
    rows = data.activity.hours(shop_open_from_9_to_21(tmp_path), FIRST, LAST, "UTC")
    assert len(rows) == 7 * 24
    assert set(rows["hours"]) == {2}
    days = rows.groupby("day_of_week")[["hours", "revenue"]].sum()
    assert set(24 * days["revenue"] / days["hours"]) == {1200}
    assert rows.loc[rows["event_hour"] == 3, "revenue"].sum() == 0


def test_a_date_without_an_event_was_not_delivered_and_lowers_no_average(tmp_path):
    """Of two Tuesdays one is missing: the average is that of the other."""
    tuesday = datetime.date(2019, 10, 8)
    build = shop(tmp_path, [date for date in DATES if date != tuesday])
    view = View(Period("two weeks", FIRST, LAST), choices={"measure": "revenue"})
    (chart,) = hours.by_weekday(build, view)
    assert chart.rows["weekday"].tolist() == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert set(chart.rows["mean"]) == {1200}


def test_hours_that_the_data_do_not_cover_whole_are_in_no_average(tmp_path):
    """Data from 09:30 of the first date to 12:59:59 of the last; one view on a stray date."""
    stray = LAST + datetime.timedelta(days=2)
    ends = {"begins_at": f"{FIRST} 09:30:00", "ends_at": f"{LAST} 12:59:59"}
    coverage = pd.DataFrame({name: [pd.Timestamp(at, tz="UTC")] for name, at in ends.items()})
    strays = pd.DataFrame({"event_date": [stray]})
    build = shop(tmp_path, [*DATES, stray], data_coverage=coverage, stray_dates=strays)
    rows = data.activity.hours(build, FIRST, stray, "UTC", "judged")
    counted = rows.set_index(["day_of_week", "event_hour"])["hours"]
    # The first date is a Tuesday, the last a Monday; the stray one is a Wednesday.
    assert [counted[2, hour] for hour in (8, 9, 10)] == [1, 1, 2]
    assert [counted[1, hour] for hour in (11, 12, 13)] == [2, 1, 1]
    assert counted[3, 12] == 2
    assert set(rows["revenue"] / rows["hours"]) == {0, 100}


def test_the_hours_of_one_weekday_can_be_chosen(tmp_path):
    build = shop_open_from_9_to_21(tmp_path)
    view = View(Period("two weeks", FIRST, LAST), choices={"measure": "revenue"})
    (whole,) = hours.by_hour(build, view)
    (one,) = hours.by_hour(build, replace(view, choices={**view.choices, "weekday": "Tuesdays"}))
    assert whole.rows["revenue"].tolist() == [0] * 9 + [1400] * 12 + [0] * 3
    assert one.rows["revenue"].tolist() == [0] * 9 + [200] * 12 + [0] * 3
    assert one.title == "Revenue by hour, Tuesdays"


def activity_of(days: list[datetime.date], **more) -> pd.DataFrame:
    """Period activity with these days, all over two weeks; each counts 10 of everything."""
    starts = [*days, FIRST]
    rows = pd.DataFrame({"period_start": starts, "period_end": [*days, LAST]})
    rows["period_type"] = ["day"] * len(days) + ["total"]
    rows = rows.assign(**dict.fromkeys(data.activity.COUNTED, 10), revenue_per_buyer=5.0, **more)
    return rows.assign(dates_delivered=1)


def test_a_day_without_events_is_a_day_of_zero(tmp_path):
    some = [date for date in DATES if date != datetime.date(2019, 10, 5)]
    build = made(tmp_path, period_activity=activity_of(some))
    rows = data.activity.series(build, "day", datetime.date(2019, 9, 1), LAST)
    assert rows["period_start"].dt.date.tolist() == DATES
    assert rows["period_end"].dt.date.tolist() == DATES
    assert rows["total_events"].tolist() == [10] * 4 + [0] + [10] * 9
    assert rows["revenue_per_buyer"].isna().tolist() == [date.day == 5 for date in DATES]


def test_a_week_without_events_is_a_week_of_zero(tmp_path):
    build = made(tmp_path, period_activity=activity_of([]))
    rows = data.activity.series(build, "week", FIRST, LAST)
    assert rows["period_start"].dt.strftime("%d").tolist() == ["30", "07", "14"]
    assert rows["period_end"].dt.strftime("%d").tolist() == ["06", "13", "14"]
    assert rows["revenue"].tolist() == [0, 0, 0]


def test_a_month_whose_last_day_is_empty_is_whole_all_the_same(tmp_path):
    first, last = datetime.date(2019, 10, 1), datetime.date(2019, 11, 30)
    rows = pd.DataFrame(
        [("month", first, last.replace(month=10)), ("month", last.replace(day=1), last)]
        + [("total", first, last)],
        columns=["period_type", "period_start", "period_end"],
    )
    rows = rows.assign(**dict.fromkeys(data.activity.COUNTED, 10))
    build = made(tmp_path, period_activity=rows)
    months = data.activity.series(build, "month", first, last)
    assert wholly("month", months, first, last) == [True, True]


def test_a_range_without_events_counts_nothing(tmp_path):
    build = made(tmp_path, period_activity=activity_of([FIRST]))
    figures = data.ranges.added_up(build, DATES[3], DATES[4])
    assert set(figures) == {0}


def test_the_small_lines_have_their_days_where_they_are(tmp_path):
    days = [FIRST, datetime.date(2019, 10, 3)]
    build = made(tmp_path, period_activity=activity_of(days))
    rows = figures.days(build, View(), FIRST, days[1])
    assert rows["revenue"].tolist() == [10, 0, 10]
    # Nothing is divided by nothing.
    assert rows["conversion"].isna().tolist() == [False, True, False]


def two_months(folder) -> data.Build:
    """Activity by day, week and month from 1 October to 5 November."""
    last = datetime.date(2019, 11, 5)
    ends = {
        "day": [(each, each) for each in pd.date_range(FIRST, last)],
        "week": [
            (start, min(start + pd.Timedelta(days=6), pd.Timestamp(last)))
            for start in pd.date_range("2019-09-30", last, freq="7D")
        ],
        "month": [("2019-10-01", "2019-10-31"), ("2019-11-01", last)],
        "total": [(FIRST, last)],
    }
    rows = pd.DataFrame(
        [(kind, pd.Timestamp(a), pd.Timestamp(b)) for kind in ends for a, b in ends[kind]],
        columns=["period_type", "period_start", "period_end"],
    )
    for name in ("period_start", "period_end"):
        rows[name] = rows[name].dt.date
    rows = rows.assign(**dict.fromkeys(data.activity.COUNTED, 1000), dates_delivered=1)
    return made(folder, period_activity=rows)


def test_a_month_that_the_data_ends_in_is_pale(tmp_path):
    build = two_months(tmp_path)
    view = View(stored_periods(build)["All dates"], choices={"measure": "revenue"})
    (chart,) = hours.by_month(build, view)
    assert chart.figure.data[0].marker.opacity == (1, 0.45)
    assert "Pale: a month partly outside of the data." in chart.caption


def test_weeks_not_wholly_in_the_period_before_are_not_compared(tmp_path):
    build = two_months(tmp_path)
    october = stored_periods(build)["October 2019"]
    november = Period("Nov", datetime.date(2019, 11, 1), datetime.date(2019, 11, 9), before=october)
    rows = now.before(build, View(november), "week")
    assert rows["revenue"].isna().tolist() == [True, False, False, False, True]


def test_a_month_in_part_is_compared_with_as_many_days_or_says_why_not(tmp_path):
    stored = stored_periods(two_months(tmp_path))
    november = cards.against(View(stored["November 2019"]))
    assert november == "Changes are against 27 Oct 2019 – 31 Oct 2019."
    begun = stored["Week of 30 Sep 2019"]
    assert "not complete" in cards.against(View(begun))
    assert "no complete period before" in cards.against(View(stored["October 2019"]))


def test_months_of_other_lengths_say_how_many_days_are_compared(tmp_path):
    build = two_months(tmp_path)
    october = stored_periods(build)["October 2019"]
    days = Period("29 days", FIRST, datetime.date(2019, 10, 29), before=october)
    assert cards.against(View(days)) == "Changes are against October 2019 (29 days against 31)."
    assert "October 2019 (29 days against 31)." in insights.change(build, View(days)).sentence
    same = Period("31 days", FIRST, october.last, before=october)
    assert cards.against(View(same)) == "Changes are against October 2019."


def test_optimizations_of_an_earlier_commit_are_not_shown(tmp_path):
    figures = [
        "median_seconds",
        "min_seconds",
        "max_seconds",
        "shuffle_bytes",
        "bytes_read",
        "speed_up",
    ]
    kept = [(c, off, c == "new") for c in ("old", "new") for off in (True, False)]
    rows = pd.DataFrame(kept, columns=["commit", "is_off", "is_latest"]).assign(
        events=1000,
        experiment="e",
        data="d",
        aqe=True,
        verdict="helps",
        runs=3,
        **dict.fromkeys(figures, 1.0),
    )
    rows["variant"] = rows["is_off"].map({True: "off", False: "on"})
    kpis = pd.DataFrame({"commit": ["old", "new"], "value": [7.0, 80.0]}).assign(
        events=1000,
        kpi="bytes saved",
        unit="%",
        evidence="e: off against on",
        is_latest=[False, True],
    )
    build = made(tmp_path, optimizations=rows, technical_kpis=kpis)
    assert data.performance.optimizations(build)["commit"].tolist() == ["new"]
    chart, gained = optimizations.measured(build, View())
    assert "commit new." in chart.caption
    (table,) = optimizations.figures(build, View())
    assert table.rows["value"].tolist() == ["80.0 %"]
    # The sample has no such tables, so no test of the pages sees these columns.
    assert {*gained.columns, *table.columns} <= set(COLUMNS)


def test_children_of_a_category_add_up_over_dates_too(tmp_path):
    """On the second date nothing below apparel.shoes was sold, so it had no children there."""
    rows = pd.DataFrame(
        [
            (FIRST, 1, "apparel", None, "apparel", 15),
            (FIRST, 2, "apparel.shoes", "apparel", "shoes", 15),
            (FIRST, 3, "apparel.shoes.keds", "apparel.shoes", "keds", 5),
            (FIRST, 3, "apparel.shoes.(other)", "apparel.shoes", "(other)", 10),
            (LAST, 1, "apparel", None, "apparel", 200),
            (LAST, 2, "apparel.shoes", "apparel", "shoes", 200),
        ],
        columns=[
            *("event_date", "level", "category_path", "parent_path", "category_name", "revenue"),
        ],
    )
    build = made(tmp_path, category_levels=rows.assign(total_views=1, total_purchases=1))
    tree = data.products.category_tree(build, FIRST, LAST).set_index("category_path")
    assert tree["revenue"].to_dict() == {
        "apparel": 215,
        "apparel.shoes": 215,
        "apparel.shoes.(other)": 210,
        "apparel.shoes.keds": 5,
    }


def test_a_missing_product_id_is_no_product(tmp_path):
    sold = {"total_views": 9, "total_purchases": 1, "revenue": 5.0}
    build = made(
        tmp_path,
        daily_products=pd.DataFrame({"event_date": FIRST, "product_id": [-1, 7], **sold}),
        dim_products=pd.DataFrame(
            {"product_id": [-1, 7], "brand": "b", "category_code": "c", "last_price": 5.0}
        ),
        product_history=pd.DataFrame({"product_id": [-1, -1, 7, 7], "price": [1.0, 2, 3, 4]}),
    )
    top = data.products.top_products(build, FIRST, LAST, None, None)
    assert top["product_id"].tolist() == [7]
    assert data.products.changed_most(build)["product_id"].tolist() == [7]


def test_carts_that_may_still_be_bought_are_in_no_share(tmp_path):
    outcomes = ["purchased_same_session", "removed", "abandoned", "undecided"]
    rows = {"cart_date": FIRST, "product_id": 7, "category_code": "a.b", "outcome": outcomes}
    build = made(
        tmp_path,
        cart_outcomes=pd.DataFrame({**rows, "episodes": [1, 1, 2, 9], "cart_value": 5.0}),
        **data_until(FIRST + datetime.timedelta(days=8)),
    )
    (found,) = data.products.carts(build, FIRST, LAST, None).to_dict("records")
    assert found == {
        **{"category": "a", "carted": 13, "same_session": 1, "later": 0, "removed": 1},
        **{"abandoned": 2, "undecided": 9, "decided": 4, "abandoned_value": 5.0},
    }
    of_product = data.explorer.product_carts(build, 7, FIRST, LAST)
    assert (of_product["abandoned"], of_product["decided"]) == (2, 4)


def test_of_a_date_whose_carts_may_still_be_left_no_cart_is_decided(tmp_path):
    """All that is known of a product's young carts is that one was bought."""
    rows = {"cart_date": [FIRST], "product_id": 7, "outcome": "purchased_same_session"}
    build = made(
        tmp_path,
        cart_outcomes=pd.DataFrame({**rows, "episodes": 1}),
        **data_until(FIRST + datetime.timedelta(days=7)),
    )
    assert data.explorer.product_carts(build, 7, FIRST, LAST)["decided"] == 0


def data_until(last: datetime.date) -> dict[str, pd.DataFrame]:
    """The marts that say when the data ends: with the last hour of the date before `last`."""
    hour = {"event_date": [last - datetime.timedelta(days=1)], "event_hour": [23]}
    loaded = {"loaded_at": [pd.Timestamp("2019-11-01")]}
    return {"hourly_activity": pd.DataFrame(hour), "row_ledger": pd.DataFrame(loaded)}


@pytest.mark.parametrize(("buyers", "block"), [(0, Empty), (1, Chart)])
def test_where_buyers_have_no_segments_the_page_says_why(tmp_path, buyers, block):
    segment = {"rfm_segment": ["Lost"], "segment_order": 1, "buyers": buyers}
    summary = pd.DataFrame({**segment, "revenue": 0.0, "revenue_share": 1.0})
    build = made(tmp_path, rfm_segments_summary=summary)
    (shown,) = value.rfm(build, View(Period("a day", FIRST, FIRST)))
    assert isinstance(shown, block)
    assert block is Chart or "fewer than 25" in shown.words


@pytest.mark.parametrize(("observed", "effect"), [(0, 2), (20, 2), (30, 3)])
def test_unusual_hours_weigh_as_much_as_they_are_off(monkeypatch, observed, effect):
    hour = {"observed": observed, "expected": 10.0, "is_anomaly": True, "direction": "high"}
    monkeypatch.setattr(data.activity, "anomalies", lambda *_: pd.DataFrame([hour]))
    found = insights.unusual_hours(None, View(Period("a day", FIRST, FIRST)))
    assert found.sentence.startswith("1 hour had")
    assert found.effect == effect


def test_a_copy_is_read_by_its_url_at_its_published_versions(tmp_path, monkeypatch):
    rows = pd.DataFrame({"build_id": [1], "seconds": [7.0]})
    build = made(tmp_path / "a", builds=rows)
    write_deltalake(tmp_path / "a/builds", rows.assign(seconds=8.0), mode="overwrite")
    monkeypatch.setenv("SHOPSTREAM_PUBLISHED", f"file://{tmp_path}/a/")
    copy = data.read_build(tmp_path / "none")
    assert copy.place == f"file://{tmp_path}/a" and copy.key != build.key
    assert data.performance.build_costs(copy)["seconds"].tolist() == [7.0]
    assert data.performance.table_history(copy, "builds")["version"].tolist() == [0]
    monkeypatch.setenv("SHOPSTREAM_PUBLISHED", f"file://{tmp_path}/b")
    with pytest.raises(NothingPublished, match="no published.json in file://"):
        data.read_build(tmp_path / "a")
    (tmp_path / "b").mkdir()
    (tmp_path / "b/published.json").write_text('{"build_id": 1, "tab')
    with pytest.raises(PublishedLost, match="copy it from the warehouse anew"):
        data.read_build(tmp_path / "a")


def test_a_damaged_list_of_builds_is_told_on_the_page():
    said = sections.instead(PublishedLost("it is damaged; restore it"), "Overview", "")
    assert "damaged; restore it" in said.words


def test_the_bench_shows_what_was_measured_last_and_at_the_scale_of_a_target(tmp_path):
    runs = pd.DataFrame(
        [
            ("old", 1000, "duckdb", "2026-01-01", 1.0),
            ("old", 1000, "shopstream", "2026-01-01", 1.0),
            ("new", 1000, "duckdb", "2026-01-02", 2.0),
            ("new", 1000, "duckdb", "2026-01-02", 4.0),
            ("new", 1000, "shopstream_tests", "2026-01-02", 8.0),
            ("new", 1000, "growth", "2026-01-02", 1.0),
            ("newer", 1000, "floor", "2026-01-03", 9.0),  # beside nothing
            ("newer", 10, "shopstream", "2026-01-03", 0.5),
        ],
        columns=["commit", "events", "contender", "started_at", "seconds"],
    )
    ratios = pd.DataFrame(
        [
            ("old", 1000, "large", 3.0, 1000, "met", "2026-01-01"),
            ("new", 1000, "large", 7.125, 1000, "not met", "2026-01-02"),
            ("newer", 10, "large", 1.0, 1000, "another scale", "2026-01-03"),
            ("old", 1000, "small", 1.0, 10, "unequal results", "2026-01-01"),
            ("new", 10, "small", 5.0, 10, "met", "2026-01-02"),
            ("new", 10, "free", 5.0, None, "no target", "2026-01-02"),
            ("new", 1000, "free", 6.0, None, "no target", "2026-01-02"),
        ],
        columns=["commit", "events", "what", "median", "target_events", "verdict", "measured_at"],
    ).assign(runs=1, least=1.0, greatest=8.0)
    ratios["target"] = [None if what == "free" else 2.0 for what in ratios["what"]]
    chart, table = bench.measured(made(tmp_path, bench_runs=runs, bench_ratios=ratios), View())
    assert set(table.columns) <= set(COLUMNS)
    seconds = chart.rows.set_index("contender")["seconds"].to_dict()
    assert seconds == {"duckdb": 3.0, "shopstream_tests": 8.0}
    assert "commit new." in chart.caption
    shown = table.rows[["what", "median_shown", "target_shown", "verdict", "events"]]
    assert shown.values.tolist() == [
        ["large", "7.12", "2", "not met", 1000],
        ["small", "5", "2", "met", 10],
        ["free", "6", "none", "no target", 1000],
    ]
