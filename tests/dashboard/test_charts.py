"""Charts and words as plain functions: traces, labels, empty input, text that is no markup."""

import pandas as pd
import pytest

from dashboard import charts, words
from dashboard.charts.look import log_ticks
from dashboard.charts.maps import OTHER_TILES
from dashboard.words import as_csv, plain

HOSTILE = "<img src=x onerror=alert(1)>"
DAYS = pd.date_range("2019-10-01", periods=3)
NAMED = pd.DataFrame({"name": ["apple", HOSTILE, "c" * 60], "value": [1234.5, 20.0, 0.0]})
EMPTY = {
    "bars": lambda frame: charts.bars(frame, "name", "value"),
    "side_by_side": lambda frame: charts.side_by_side(frame, "name", {"value": "v"}),
    "by_period": lambda frame: charts.by_period(frame, "at", "value", words="v"),
    "columns": lambda frame: charts.columns(frame, "name", "value", words="v"),
    "funnel": lambda _: charts.funnel({}, [], {}),
    "tree": lambda frame: charts.tree(frame, "$", None, "All", []),
    "bubbles": lambda frame: charts.bubbles(frame, "$", 50),
    "heat": lambda frame: charts.heat(frame, "x", "y", "z", words="v", axes=("x", "y")),
    "concentration": charts.concentration,
    "band": lambda frame: charts.band(frame, "purchases"),
    "stacked": lambda frame: charts.stacked(frame, "name", {}, "n", words="v"),
    "lines": lambda frame: charts.lines(frame, "at", {"value": "v"}, "v"),
}


def texts(figure) -> str:
    """All text of a figure, as it is sent to the browser."""
    return figure.to_json()


@pytest.mark.parametrize("name", EMPTY)
def test_a_chart_of_nothing_says_so(name):
    empty = pd.DataFrame(columns=["name", "value", "at", "views", "x", "y", "z"])
    figure = EMPTY[name](empty)
    assert len(figure.data) == 0
    assert figure.layout.annotations[0].text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (229933212.63, "$", "$229.9 M"),
        (3022290, "", "3.02 M"),
        (42413557, "", "42.4 M"),
        (629560, "", "629,560"),
        (309.5567, "$", "$309.56"),
        (-12, "$", "-$12"),
        (6.812, "%", "6.8 %"),
        (0.0512, "%", "0.051 %"),
        (0, "%", "0 %"),
        (7.1e-6, "%", "< 0.001 %"),
        (-7.1e-6, "%", "> -0.001 %"),
        (1.5e9, "", "1.5 bn"),
        (None, "$", "–"),
        (float("nan"), "", "–"),
    ],
)
def test_numbers_are_written_as_people_read_them(value, unit, text):
    assert words.number(value, unit) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (229933212.63, "money", "$229,933,212.63"),
        (-5.851, "money", "-$5.85"),
        (14.412, "percent", "14.41 %"),
        (747.547, "seconds", "747.55 s"),
        (42413557, "events", "42,413,557"),
        (519267944, "user id", "519267944"),
        (float("nan"), "money", "–"),
    ],
)
def test_exact_values_keep_their_digits_and_say_their_unit(value, unit, text):
    assert words.exact(value, unit, "$") == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(45, "45 s"), (720, "12.0 min"), (90000, "1.0 days"), (None, "–")]
)
def test_time_spans_are_written_as_people_say_them(seconds, text):
    assert words.duration(seconds) == text


def test_bars_keep_their_order_shorten_names_and_escape_markup():
    figure = charts.bars(NAMED, "name", "value", unit="$")
    assert list(figure.data[0].x) == [1234.5, 20.0, 0.0]
    assert list(figure.data[0].text) == ["$1,234", "$20", "$0"]
    assert figure.layout.yaxis.ticktext[2].endswith("…")
    assert "<img" not in "".join(figure.layout.yaxis.ticktext)
    assert "<img" not in "".join(figure.data[0].hovertext)
    # A click must give the name as it is.
    assert figure.data[0].customdata[1][0] == HOSTILE


def test_the_small_line_goes_over_what_is_unknown():
    nan = float("nan")
    assert 'points="0.00,28.00 100.00,2.00"' in charts.sparkline((1.0, nan, 3.0))
    assert charts.sparkline((1.0, nan)) == ""


def test_names_side_by_side_have_their_details_below():
    frame = pd.DataFrame({"name": ["reuse", HOSTILE], "how": ["cache", "x" * 60], "v": [1.0, 2.0]})
    write = "{:.0f} s".format
    figure = charts.side_by_side(frame, "name", {"v": "with"}, write, details="how")
    first, second = figure.layout.yaxis.ticktext
    assert first == "reuse<br>cache"
    assert second.endswith("…") and "<img" not in second
    assert list(figure.data[0].text) == ["1 s", "2 s"]


def test_bars_of_names_that_begin_alike_stay_apart():
    frame = pd.DataFrame({"name": ["x" * 40 + "1", "x" * 40 + "2"], "value": [2, 1]})
    assert len(set(charts.bars(frame, "name", "value").data[0].y)) == 2


def test_rows_of_names_that_begin_alike_stay_apart():
    frame = pd.DataFrame({"name": ["x" * 40 + "1", "x" * 40 + "2"], "x": 1, "value": [2, 1]})
    stacked = charts.stacked(frame, "name", {"value": "red"}, "value", words="v")
    heat = charts.heat(frame, "x", "name", "value", words="v", axes=("x", "name"))
    for figure in (stacked, heat):
        assert len(set(figure.data[0].y)) == len(figure.layout.yaxis.ticktext) == 2


def test_a_period_only_partly_there_is_pale_and_anomalies_are_marked():
    frame = pd.DataFrame({"at": DAYS, "value": [1.0, 2.0, 3.0], "mean": [None, None, 2.0]})
    marked = pd.DataFrame({"at": [DAYS[1]], "words": ["2 unusual hours"]})
    figure = charts.by_period(
        frame,
        "at",
        "value",
        words="revenue",
        whole=[True, True, False],
        average="mean",
        marked=marked,
    )
    assert list(figure.data[0].marker.opacity) == [1, 1, 0.45]
    assert [trace.name for trace in figure.data] == [
        "revenue",
        "usual for its weekday",
        "unusual",
    ]
    assert list(figure.data[2].y) == [2.0]
    assert len(figure.layout.shapes) == 1


@pytest.mark.parametrize(
    ("dates", "shown", "form"),
    [
        (pd.date_range("2019-10-07", periods=4, freq="7D"), 4, "%-d %b"),
        (pd.date_range("2019-10-07", periods=16, freq="7D"), 6, "%-d %b"),
        (pd.date_range("2019-10-01", periods=3, freq="MS"), 3, "%b %Y"),
        (DAYS, 3, "%-d %b"),
        (pd.date_range("2019-10-01", periods=31), None, "%-d %b"),
    ],
)
def test_dates_are_labelled_where_the_data_is(dates, shown, form):
    frame = pd.DataFrame({"at": dates, "value": 1.0})
    axis = charts.by_period(frame, "at", "value", words="v").layout.xaxis
    assert axis.tickformat == form
    assert (axis.tickvals is None) if shown is None else len(axis.tickvals) == shown
    assert shown is None or set(axis.tickvals) <= set(dates)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (15, 900, [20, 50, 100, 200, 500]),
        (0.3, 4, [0.5, 1, 2]),
        (1, 20000, [1, 10, 100, 1000, 10000]),
    ],
)
def test_a_log_axis_has_round_numbers_over_its_whole_range(low, high, expected):
    assert log_ticks(low, high) == pytest.approx(expected)


def test_the_period_before_is_a_line_from_the_same_start():
    frame = pd.DataFrame({"at": DAYS, "value": [1.0, 2.0, 3.0]})
    before = pd.DataFrame({"at": DAYS - pd.Timedelta(days=3), "value": [4.0, 5.0, 6.0]})
    line = charts.by_period(frame, "at", "value", words="v", before=before).data[1]
    assert list(line.x) == list(DAYS)
    assert list(line.y) == [4.0, 5.0, 6.0]
    assert line.customdata[0][0] == before["at"].iloc[0]


def test_a_heatmap_keeps_the_order_of_rows_and_leaves_unknown_cells_blank():
    frame = pd.DataFrame({"x": [1, 2, 1], "y": ["b", "b", "a"], "z": [10.0, None, 0.0]})
    figure = charts.heat(frame, "x", "y", "z", words="%", axes=("week", "cohort"), percent=True)
    assert list(figure.layout.yaxis.ticktext) == ["b", "a"]
    assert figure.layout.yaxis.autorange == "reversed"
    assert list(figure.data[1].text) == ["10", "0"]
    assert list(figure.data[1].y) == [0, 1]


def test_thin_points_are_left_out_of_the_price_chart():
    frame = pd.DataFrame(
        {
            "name": ["a", "b"],
            "mean_price": [10.0, 20.0],
            "conversion": [1.0, 100.0],
            "views": [100, 1],
            "purchases": [1, 1],
            "revenue": [10.0, 20.0],
        }
    )
    figure = charts.bubbles(frame, "$", 50)
    assert list(figure.data[0].x) == [10.0]
    assert figure.layout.xaxis.type == "log"
    assert len(charts.bubbles(frame, "$", 1000).data) == 0


def test_the_tree_adds_up_and_escapes_names():
    frame = pd.DataFrame(
        {
            "category_path": ["a", "a.<b>"],
            "parent_path": [None, "a"],
            "category_name": ["a", "<b>"],
            "revenue": [5.0, 5.0],
        }
    )
    figure = charts.tree(frame, "$", None, "All", [])
    assert list(figure.data[0].parents) == ["", "All", "a"]
    assert list(figure.data[0].labels) == ["All", "a", "&lt;b&gt;"]
    assert list(figure.data[0].values) == [5.0, 5.0, 5.0]
    # A click must give the path as it is, and the bar above all opens all.
    assert list(figure.data[0].ids) == ["All", "a", "a.<b>"]
    assert figure.data[0].level == "All"
    opened = charts.tree(frame, "$", "a", "All", [])
    assert opened.data[0].level == "a"
    # The bar that leads back has room.
    assert opened.layout.margin.t > opened.data[0].pathbar.thickness


def test_a_category_keeps_its_colour_and_those_without_one_are_grey():
    names = [f"c{n}" for n in range(9)]
    rows = {"category_path": names, "category_name": names, "parent_path": None}
    frame = pd.DataFrame({**rows, "revenue": [9.0 - n for n in range(9)]})
    everything = charts.tree(frame, "$", None, "All", names).data[0].marker.colors[1:]
    turned = frame.assign(revenue=frame["revenue"].to_numpy()[::-1]).iloc[::-1]
    later = charts.tree(turned, "$", None, "All", names).data[0].marker.colors[1:]
    assert later == everything[::-1]
    assert len(set(everything[:6])) == 6
    assert set(everything[6:]) == {OTHER_TILES}


def test_what_bars_are_held_against_has_the_colour_of_no_event():
    frame = pd.DataFrame({"at": DAYS, "value": 1.0, "mean": 1.0})
    figure = charts.by_period(frame, "at", "value", words="v", before=frame, average="mean")
    drawn = {line.line.color for line in figure.data[1:]}
    assert not drawn & {*charts.EVENT_COLOURS.values(), charts.ACCENT}


def test_the_band_marks_unusual_hours():
    frame = pd.DataFrame(
        {
            "starts_at": DAYS,
            "observed": [1, 9, 1],
            "lower_bound": [0.0, 0.0, 0.0],
            "upper_bound": [3.0, 3.0, 3.0],
            "is_anomaly": [False, True, False],
            "direction": [None, "high", None],
        }
    )
    marked = charts.band(frame, "purchases").data[-1]
    assert list(marked.y) == [9]
    assert list(marked.hovertext) == ["unusually high"]


def test_the_band_has_a_gap_where_hours_were_not_judged():
    unknown = float("nan")
    frame = pd.DataFrame(
        {
            "starts_at": pd.date_range("2019-10-01", periods=5, freq="h"),
            "observed": [1, 1, 1, 1, 1],
            "lower_bound": [0.0, 1.0, unknown, 2.0, 3.0],
            "upper_bound": [4.0, 5.0, unknown, 6.0, 7.0],
            "is_anomaly": [False, False, None, False, False],
            "direction": [None] * 5,
        }
    )
    expected = charts.band(frame, "purchases").data[0]
    assert (expected.name, expected.fill) == ("expected range", "toself")
    assert list(expected.y) == [4, 5, 1, 0, None, 6, 7, 3, 2, None]
    hours = [at.hour for at in expected.x if at]
    assert hours == [0, 1, 1, 0, 3, 4, 4, 3]


def test_concentration_names_its_points():
    frame = pd.DataFrame({"top_percent": [0.0, 20.0, 100.0], "revenue_share": [0.0, 61.2, 100.0]})
    assert list(charts.concentration(frame).data[2].text) == ["best 20 %: 61 %"]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@sum(a1)", "\t=1", " =1", '=HYPERLINK("http://x","y")']
)
def test_a_csv_never_holds_a_formula(text):
    rows = pd.DataFrame({text: [text, "plain"], "number": [-1.5, 2]})
    lines = as_csv(rows).decode("utf-8-sig").splitlines()
    assert lines[0].lstrip('"').startswith("'")
    assert lines[1].lstrip('"').startswith("'")
    assert lines[1].endswith(",-1.5")
    assert lines[2] == "plain,2.0"


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("by www.evil.example", "www|.evil"),
        ("WWW.evil.example", "WWW|.evil"),
        ("a@b.c", "@|b"),
        ("https://evil.example", ":|//evil"),
    ],
)
def test_text_on_pages_is_no_link(text, broken):
    """A browser makes links of them even where Markdown's signs are escaped."""
    assert broken.replace("|", words.UNSEEN) in plain(text).replace("\\", "")


def test_words_fit_one_and_many_and_a_currency_without_a_sign():
    assert [words.counted(n, "hour") for n in (1, 2, 1200)] == ["1 hour", "2 hours", "1,200 hours"]
    assert words.with_sign("revenue", "€") == "revenue (€)"
    assert words.with_sign("revenue", "") == "revenue"


@pytest.mark.parametrize("text", [HOSTILE, "[x](javascript:alert(1))", "$x^2$", ":red[a]", "**b**"])
def test_text_on_pages_is_no_markdown(text):
    escaped = plain(text)
    for sign in "<[$*:":
        assert f"\\{sign}" in escaped or sign not in text
