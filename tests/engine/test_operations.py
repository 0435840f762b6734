"""Rows taken out and in again, sessions cut anew, rules mended: each equals a rebuild."""

import pyarrow.compute as pc
import pytest
from deltalake import DeltaTable

from shopstream.intake import corrections, landing
from tests import oracle
from tests.helpers.compare import differences
from tests.helpers.forgetting import forget
from tests.helpers.two_files import FILES, HEADER, SECOND, default_time, rebuilt
from tests.helpers.warm import NO_TESTS, BuildFailed, WarmWarehouse


def shas(warm: WarmWarehouse, *names: str) -> set[str]:
    return {file.file_sha256 for file in corrections.files_named(warm.warehouse, list(names))}


def test_late_rows_are_told_by_the_load_that_brought_them(warm):
    columns = ["load_id", "rows_in_window", "rows_late", "median_hours_late", "max_hours_late"]
    late = warm.marts()["late_arrivals"].sort_by("load_id").select([*columns, "sessions_changed"])
    # The first load reached 2019-10-03 12:00; of the second, one row is 25 hours before; that of
    # 50 hours before is a copy.
    assert [tuple(row.values()) for row in late.to_pylist()] == [
        (1, 5, 0, None, None, 0),
        (2, 3, 1, 25.0, 25.0, 0),
    ]


def test_a_withdrawn_file_leaves_no_row_and_comes_back_whole(warm):
    everything = warm.marts()
    assert everything["fct_events"].num_rows == 7
    corrections.withdraw(warm.warehouse, shas(warm, "second.csv"))
    warm.build()
    without = warm.marts()
    assert without["refused_files"]["source_file"].to_pylist() == ["second.csv"]
    assert without["row_ledger"]["source_file"].to_pylist() == ["first.csv"]
    assert not landing.land(warm.landing, warm.warehouse).landed, "it is not landed again"

    corrections.reload(warm.landing, warm.warehouse, shas(warm, "second.csv"))
    warm.build()
    assert differences(everything, warm.marts()) == {}
    (warm.landing / "second.csv").unlink()
    alone = rebuilt(warm)
    del without["refused_files"], alone["refused_files"]
    assert differences(alone, without) == {}


def test_when_the_last_file_is_withdrawn_all_marts_are_empty(warm):
    corrections.withdraw(warm.warehouse, shas(warm, *FILES))
    warm.build()
    core = ["fct_events", "dim_sessions", "dim_users", "dim_products", "dim_time", "row_ledger"]
    assert {name: warm.marts()[name].num_rows for name in core} == dict.fromkeys(core, 0)


def test_a_file_that_lands_while_a_build_stands_half_way_comes_with_the_next(warm):
    for day, part in enumerate(["stg_rows", "int_file_days+"], start=10):
        rows = SECOND.replace("2019-10-04", f"2019-10-{day}")
        (warm.landing / f"{day}.csv").write_text(HEADER + rows)
        landing.land(warm.landing, warm.warehouse)
        assert not warm.dbt("run", "--select", part, "--exclude", "tag:commerce")
    warm.build()
    held = warm.marts()
    assert differences(rebuilt(warm), held) == {}


@pytest.mark.parametrize(
    "rules", [{"session_timeout_minutes": 30}, {"session_source": "inactivity"}], ids=str
)
def test_an_event_moves_the_cut_of_a_session_on_a_date_that_had_no_load(session, rules):
    """It ends a pause of 40 minutes over midnight: the session of the second date is gone."""
    view = "2019-10-{},view,1,5,a.b,acme,10.00,{},s1\n"
    loads = [
        [("01 23:40:00", 7), ("02 00:20:00", 7), ("01 23:40:00", ""), ("02 00:20:00", "")],
        [("01 23:55:00", 7), ("01 23:50:00", "")],
    ]
    session.start()
    for number, events in enumerate(loads):
        rows = "".join(view.format(*event) for event in events)
        (session.landing / f"{number}.csv").write_text(HEADER + rows)
        session.build(**rules)
        assert session.differences_from_oracle(oracle.Rules(**rules)) == {}
    held = session.marts()
    assert held["dim_sessions"].filter(pc.field("user_id") == 7).num_rows == 1
    assert differences(rebuilt(session, **rules), held) == {}


def test_a_timeout_of_no_minutes_is_refused(session):
    session.start()
    with pytest.raises(BuildFailed, match="session_timeout_minutes is 0; it has to be 1 minute"):
        session.dbt("compile", "--select", "int_events_sessionized", session_timeout_minutes=0)


def test_a_mended_rule_takes_quarantined_rows_in_and_the_ledger_balances(warm):
    mended = {"null_defaults": default_time("2019-10-02 00:00:00")}
    files = corrections.files_with(warm.warehouse, "quarantined")
    assert {file.source_file for file in files} == {"first.csv", "second.csv"}
    corrections.reload(warm.landing, warm.warehouse, {file.file_sha256 for file in files})
    warm.build(**mended)
    held = warm.marts()
    rules = oracle.Rules(event_time_default="2019-10-02 00:00:00")
    assert warm.differences_from_oracle(rules) == {}
    assert sorted(held["quarantined_events"]["reason"].to_pylist()) == ["bad_price", "bad_row"]


def test_a_full_refresh_that_was_cut_short_doubles_nothing(warm):
    before = warm.marts()
    forget(warm.warehouse)
    warm.build()
    assert differences(before, warm.marts()) == {}


@pytest.mark.parametrize("selected", [[], ["--select", "stg_rows", "dim_users"]])
def test_a_full_refresh_by_dbt_neither_loses_nor_doubles_a_row(warm, selected):
    before = warm.marts()
    warm.build(*NO_TESTS, "--full-refresh", *selected)
    assert differences(before, warm.marts()) == {}


def test_tests_of_events_leave_out_dates_that_were_tested_before(warm, monkeypatch):
    rule = "fct_events_has_no_nulls_and_no_price_below_0"

    def failing(tested_load: int) -> list[str]:
        monkeypatch.setenv("SHOPSTREAM_TESTED_LOAD", str(tested_load))
        return [name for name, _ in warm.dbt("test", "--select", rule)]

    events = DeltaTable(warm.warehouse / "shopstream_core.db/fct_events")

    def spoil(day: str) -> None:
        events.update({"price": "-1"}, predicate=f"event_date = '{day}'")

    spoil("2019-10-03")  # of the first load alone
    assert failing(tested_load=0) == [rule]
    assert failing(tested_load=1) == []
    spoil("2019-10-02")  # the second load changed it, too
    assert failing(tested_load=1) == [rule]
    assert failing(tested_load=2) == []
