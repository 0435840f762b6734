"""Rows taken out and in again, dates computed anew, builds rolled back: each equals a rebuild.

All builds run in the one Spark session of the tests.
"""

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.dataset as ds
import pytest
from deltalake import DeltaTable

from shopstream import config, published
from shopstream.errors import LandingError, NothingPublished
from shopstream.intake import corrections, landing, register
from shopstream.warehouse import maintenance, publishing
from shopstream.warehouse.tables import table_folders
from tests import oracle
from tests.helpers.compare import differences
from tests.helpers.forgetting import forget
from tests.helpers.warm import NO_TESTS, BuildFailed, WarmWarehouse

HEADER = (
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"
)
# The id of the user who is erased is long: by chance it stands in no time, size or name of a file.
FIRST = """\
2019-10-01 10:00:00 UTC,view,1,5,a.b,acme,10.00,7101,s1
2019-10-01 10:01:00 UTC,purchase,1,5,a.b,acme,20000,7101,s1
2019-10-01 23:59:00 UTC,view,2,5,a.b,acme,20.00,7102,s2
2019-10-02 00:01:00 UTC,cart,2,5,a.b,acme,20.00,7102,s2
2019-10-03 12:00:00 UTC,view,3,6,,,1.00,571810233,s3
,view,3,6,,,1.00,571810233,s3
2019-10-03 12:00:00 UTC,view,3,6,,,bad,571810233,s3
2131-10-03 12:00:00 UTC,view,3,6,,,1.00,571810233,s3
"""
# The first row is that of FIRST under a smaller session: it survives there.
SECOND = """\
2019-10-01 10:00:00 UTC,view,1,5,a.b,acme,10.00,7101,s0
2019-10-02 11:00:00 UTC,purchase,4,5,a.b,other,5.00,7104,s4
2019-10-04 11:00:00 UTC,view,4,5,a.b,other,5.00,7104,s4
2019-10-04 11:00:00 UTC,view,4,5,a.b,other,5.00,7104,s4,too,many,72d7-571810233-aa
"""
FILES = {"first.csv": FIRST, "second.csv": SECOND}


@pytest.fixture(scope="module")
def loaded(session, tmp_path_factory) -> Path:
    """A copy of the warehouse after two files were loaded one after the other."""
    session.start()
    for name, rows in FILES.items():
        (session.landing / name).write_text(HEADER + rows)
        session.build()
    saved = tmp_path_factory.mktemp("saved") / "warehouse"
    shutil.copytree(session.warehouse, saved)
    return saved


@pytest.fixture
def warm(session, loaded) -> WarmWarehouse:
    """The two files as they were loaded."""
    session.start()
    for name, rows in FILES.items():
        (session.landing / name).write_text(HEADER + rows)
    shutil.copytree(loaded, session.warehouse, dirs_exist_ok=True)
    return session


def rebuilt(warm: WarmWarehouse, **variables) -> dict:
    warm.wipe()
    warm.build(**variables)
    return warm.marts()


def shas(warm: WarmWarehouse, *names: str) -> set[str]:
    return {file.file_sha256 for file in corrections.files_named(warm.warehouse, list(names))}


def files_of(warm: WarmWarehouse, day: str) -> dict[str, list[str]]:
    """The data files of one date in each table that is partitioned by event date."""
    held = {}
    for name, folder in table_folders(warm.warehouse).items():
        uris = published.DeltaTable(folder).file_uris()
        if any("event_date=" in uri for uri in uris):
            held[name] = sorted(uri for uri in uris if f"event_date={day}" in uri)
    return held


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


def default_time(text: str) -> dict:
    return {**config.rules()["null_defaults"], "event_time": text}


def test_a_backfill_changes_its_dates_only_and_one_of_all_dates_is_a_rebuild(warm):
    rule = {"max_price": 15}
    before = {day: files_of(warm, day) for day in ("2019-10-01", "2019-10-02", "2019-10-03")}
    assert before["2019-10-01"]["shopstream_staging.stg_rows"]
    warm.backfill(date(2019, 10, 1), date(2019, 10, 1), **rule)
    assert files_of(warm, "2019-10-02") == before["2019-10-02"]
    assert files_of(warm, "2019-10-03") == before["2019-10-03"]
    assert files_of(warm, "2019-10-01") != before["2019-10-01"]
    spent = dict(zip(*warm.marts()["dim_users"].select(["user_id", "total_spent"]), strict=True))
    assert {user.as_py(): float(total.as_py()) for user, total in spent.items()} == {
        7101: 15,
        7102: 0,
        571810233: 0,
        7104: 5,
    }
    versions = warm.marts()["event_dates"].sort_by("event_date")["rules_versions"].to_pylist()
    assert versions[0] != versions[1] == versions[2] == versions[3]

    warm.backfill(**rule)
    held = warm.marts()
    assert len(set(held["event_dates"]["rules_versions"].to_pylist())) == 1
    assert differences(rebuilt(warm, **rule), held) == {}


def test_a_wider_window_takes_rows_in_by_a_backfill_of_its_dates(warm):
    wide = {"window_end": "2131-12-31"}
    warm.backfill(date(2131, 10, 3), date(2131, 10, 3), **wide)
    held = warm.marts()
    assert held["fct_events"].num_rows == 8
    assert differences(rebuilt(warm, **wide), held) == {}


def test_a_backfill_without_its_landing_file_changes_nothing(warm):
    before = register.versions(warm.warehouse)
    (warm.landing / "first.csv").unlink()
    with pytest.raises(LandingError, match="first.csv"):
        warm.backfill()
    assert register.versions(warm.warehouse) == before
    assert not list(warm.warehouse.glob("shopstream_landing.db/landed_rows/*"))


def test_a_backfill_waits_for_what_was_landed_before(warm):
    (warm.landing / "third.csv").write_text(
        HEADER
        + "2019-10-01 09:00:00,view,9,,,,1,7109,s9\n2019-10-05 09:00:00,view,9,,,,1,7109,s9\n"
    )
    landing.land(warm.landing, warm.warehouse)
    assert corrections.rows_are_waiting(warm.warehouse)
    # What `shopstream backfill` and `erase` do first.
    assert warm.dbt("run", "--select", "+stg_rows") == []
    assert not corrections.rows_are_waiting(warm.warehouse)
    warm.backfill(date(2019, 10, 1), date(2019, 10, 1))
    held = warm.marts()
    assert held["fct_events"].num_rows == 9
    assert differences(rebuilt(warm), held) == {}


def test_a_backfill_of_the_date_that_a_default_gives_neither_doubles_nor_loses_a_row(warm):
    day, default = date(2019, 10, 2), {"null_defaults": default_time("2019-10-02 00:00:00")}

    def marts() -> dict:
        # It names the default in force, whichever rows that touched.
        return {name: rows for name, rows in warm.marts().items() if name != "value_changes"}

    before = marts()
    warm.backfill(day, day, **default)
    assert differences(before, marts()) == {}
    warm.backfill(**default)
    held = marts()
    assert held["quarantined_events"].num_rows == 2
    warm.backfill(day, day)
    assert differences(held, marts()) == {}


def test_a_full_refresh_that_was_cut_short_doubles_nothing(warm):
    before = warm.marts()
    forget(warm.warehouse)
    warm.build()
    assert differences(before, warm.marts()) == {}


def test_rows_without_a_user_can_not_be_erased_as_one(warm):
    before = register.versions(warm.warehouse)
    with pytest.raises(LandingError, match="-999999 is no user"):
        corrections.erase(warm.warehouse, -999999)
    assert register.versions(warm.warehouse) == before


def test_an_erased_user_is_in_no_file_and_stays_out_of_a_rebuild(warm):
    warm.build(all_marts=True)
    assert any("int_user_days" in path.parts for path in files_that_hold(warm, 571810233))
    publishing.publish(warm.warehouse)
    assert corrections.erase(warm.warehouse, 571810233) == ["first.csv", "second.csv"]
    warm.build(all_marts=True)
    publishing.publish(warm.warehouse)
    maintenance.maintain(warm.warehouse, delist_all=True)
    assert maintenance.tables_are_published(warm.warehouse)
    held = published_rows(warm)
    assert {u for u in held["dim_users"]["user_id"].to_pylist()} == {7101, 7102, 7104}
    ledger = held["row_ledger"].sort_by("source_file")
    assert ledger["rows_erased"].to_pylist() == [4, 1]
    assert list(files_that_hold(warm, 571810233)) == []

    # From the files, which still hold the user, with the register of the erased kept.
    forget(warm.warehouse)
    warm.build(*NO_TESTS, "--full-refresh", all_marts=True, rebuild_staging=True)
    assert differences(held, warm.marts()) == {}


def files_that_hold(warm: WarmWarehouse, user: int) -> Iterator[Path]:
    """Files of the warehouse with the id of a user, as a number or in any text."""
    for path in filter(Path.is_file, warm.warehouse.rglob("*")):
        ids = []
        if path.suffix == ".parquet" and "_delta_log" not in path.parts:
            rows = ds.dataset(path).to_table()
            ids = rows["user_id"].to_pylist() if "user_id" in rows.column_names else []
        in_text = "landed_rows" not in path.parts and str(user).encode() in path.read_bytes()
        if in_text or user in ids:
            yield path


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


def test_readers_can_be_rolled_back_and_forward_at_once(warm):
    first = publishing.publish(warm.warehouse)
    (warm.landing / "third.csv").write_text(HEADER + FIRST.replace("2019-10-01", "2019-10-09"))
    warm.build()
    second = publishing.publish(warm.warehouse)

    def rows() -> int:
        name = "shopstream_core.fct_events"
        return published.open_table(warm.warehouse, name).to_pyarrow_table().num_rows

    assert rows() == 10
    assert publishing.roll_back(warm.warehouse)["build_id"] == first["build_id"]
    assert rows() == 7
    publishing.roll_back(warm.warehouse, second["build_id"])
    assert rows() == 10
    with pytest.raises(NothingPublished, match="listed are: "):
        publishing.roll_back(warm.warehouse, 99)


def test_maintenance_keeps_every_listed_build_readable_and_files_few(warm):
    listed = []
    for day in (5, 6):
        rows = SECOND.replace("2019-10-02", f"2019-10-{day:02}")
        (warm.landing / f"{day}.csv").write_text(HEADER + rows)
        warm.build()
        publishing.publish(warm.warehouse)
        listed.append(warm.marts())
    many = sum(len(published.DeltaTable(f).file_uris()) for f in tables(warm))
    done = maintenance.maintain(warm.warehouse)
    assert done["files"] < many and done["deleted"] > 0
    assert maintenance.tables_are_published(warm.warehouse)
    assert differences(listed[-1], published_rows(warm)) == {}
    builds = published.read_published(warm.warehouse)["builds"]
    by_id = sorted(builds, key=lambda build: build["build_id"])[: len(listed)]
    for build, expected in zip(by_id, listed, strict=True):
        assert differences(expected, published_rows(warm, build)) == {}

    # Readers look at the first build, whose log has to stay, as that of the newest.
    publishing.roll_back(warm.warehouse, by_id[0]["build_id"])
    maintenance.maintain(warm.warehouse, delist_all=True)
    assert differences(listed[0], published_rows(warm)) == {}
    assert differences(listed[-1], warm.marts()) == {}
    warm.build()
    publishing.publish(warm.warehouse)
    maintenance.maintain(warm.warehouse, delist_all=True)
    assert differences(listed[-1], published_rows(warm)) == {}


def published_rows(warm: WarmWarehouse, build: dict | None = None) -> dict:
    """All tables as a published build shows them, by default the one that readers see."""
    build = build or published.read_published(warm.warehouse)
    return {
        name.split(".")[1]: published.open_table(warm.warehouse, name, build).to_pyarrow_table()
        for name in build["tables"]
    }


def tables(warm: WarmWarehouse) -> list[Path]:
    return list(table_folders(warm.warehouse).values())
