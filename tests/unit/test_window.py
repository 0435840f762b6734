"""Dates out of the window are told before a build, and a failed build's tables can be asked."""

import subprocess
import sys
from datetime import date

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from shopstream.errors import NothingPublished
from shopstream.intake import window
from shopstream.people.query import UNPUBLISHED, show
from shopstream.run.deliveries import land
from shopstream.warehouse.publishing import publish, unpublish
from tests.helpers.shop import Shop

HEADER = "event_time,event_type,product_id,user_id"
START, END = date(2019, 10, 1), date(2020, 4, 30)
IN, EARLY, LATE = "2019-10-01 00:00:00 UTC", "2019-09-30T23:59:59Z", "2020-05-01 00:00:00 UTC"


@pytest.fixture
def shop(tmp_path, monkeypatch) -> Shop:
    monkeypatch.setattr(window, "rules", lambda: {"window_start": str(START), "window_end": END})
    return Shop(tmp_path)


def put(shop: Shop, name: str, *times: str) -> None:
    shop.put(name, f"{HEADER}\n" + "".join(f"{time},view,1,1\n" for time in times))


def said(shop: Shop, capsys) -> str:
    land(shop.landing, shop.warehouse)
    return capsys.readouterr().out.strip()


def test_most_rows_out_of_the_window_are_told_with_dates_and_settings(shop, capsys, caplog):
    put(shop, "a[1].csv", IN, EARLY, "no time", "12:30", "")
    put(shop, "b.csv", LATE, f" {EARLY}")
    put(shop, "header.csv")
    words = said(shop, capsys)
    assert "3 of 4 new rows that have a date" in words
    assert "of 2019-09-30 to 2020-05-01, and the window is 2019-10-01 to 2020-04-30" in words
    assert 'window_start: "2019-09-30" and window_end: "2020-05-01"' in words
    assert "3 of 4 new rows" in caplog.text
    assert said(shop, capsys) == "", "only of what is new"


@pytest.mark.parametrize("times", [(IN, EARLY), (IN,), (), ("no time",)])
def test_less_than_most_is_not_told(shop, capsys, times):
    put(shop, "a.csv", *times)
    assert said(shop, capsys) == ""


@pytest.mark.parametrize(("start", "end", "out"), [(None, END, 1), (START, None, 2)])
def test_a_window_may_be_open(shop, start, end, out):
    put(shop, "a.csv", EARLY, EARLY, LATE)
    copies = [shop.home / "landed_rows" / f"{f.file_sha256}.parquet" for f in shop.land().landed]
    words = window.warning(copies, start, end)
    assert window.warning(copies, None, None) is None
    assert (words is None) == (out == 1)
    assert words is None or "2 of 3 new rows" in words and "2019-10-01 to open" in words


def test_the_window_of_a_description_is_told_as_one(shop, capsys):
    text = 'files: ["a*"]\nwindow: {start: 2019-11-01}\n'
    shop.put("sources/a.yml", text)
    put(shop, "a.csv", IN, IN)
    put(shop, "b.csv", IN, IN, IN)
    words = said(shop, capsys)
    assert "2 of 2 new rows that have a date, of files such as a.csv" in words
    assert "window of their description in sources/ is 2019-11-01 to open" in words
    assert "window: {start: 2019-10-01, end: 2019-10-01}, then run: make build" in words
    assert "dbt_project" not in words
    shop.put("sources/a.yml", text.replace("2019-11-01", "2019-10-01"))
    assert said(shop, capsys) == ""


# --- what is not published -----------------------------------------------------------------------


@pytest.fixture
def failed(tmp_path):
    """A warehouse whose second build was not published."""
    folder = tmp_path / "shopstream_quality.db" / "row_ledger"
    write_deltalake(folder, pa.table({"rows_read": [1]}))
    publish(tmp_path)
    write_deltalake(folder, pa.table({"rows_read": [2]}), mode="append")
    write_deltalake(tmp_path / "shopstream_core.db" / "made_later", pa.table({"n": [3]}))
    return tmp_path


def test_the_newest_versions_are_read_when_asked_for_and_marked(failed, capsys):
    sql = "select sum(rows_read) as n from shopstream_quality.row_ledger"
    show(failed, sql, "csv")
    assert capsys.readouterr() == ("n\n1\n", "")
    for form in ("csv", "json", "table"):
        show(failed, sql, form, unpublished=True)
        out, err = capsys.readouterr()
        assert "3" in out
        said_in = (out, err) if form == "table" else (err, out)
        assert [UNPUBLISHED in words for words in said_in] == [True, False]
    show(failed, "from made_later", "csv", unpublished=True)
    assert capsys.readouterr().out == "n\n3\n"
    with pytest.raises(Exception, match="What the warehouse holds: made_later, row_ledger"):
        show(failed, "from nothing", "csv", unpublished=True)


def test_a_warehouse_that_never_published_can_be_asked(failed, capsys):
    unpublish(failed)
    with pytest.raises(NothingPublished):
        show(failed, "from row_ledger", "csv")
    show(failed, "select max(rows_read) as n from row_ledger", "csv", unpublished=True)
    assert capsys.readouterr().out == "n\n2\n"


def test_the_command_line_has_the_option():
    command = [sys.executable, "-m", "shopstream", "query", "--help"]
    assert "--unpublished" in subprocess.run(command, capture_output=True, text=True).stdout
