"""Dates computed anew: each backfill equals a rebuild."""

from datetime import date

import pytest

from shopstream import published
from shopstream.errors import LandingError
from shopstream.intake import corrections, landing, register
from shopstream.warehouse.tables import table_folders
from tests.helpers.compare import differences
from tests.helpers.two_files import HEADER, default_time, rebuilt
from tests.helpers.warm import WarmWarehouse


def files_of(warm: WarmWarehouse, day: str) -> dict[str, list[str]]:
    """The data files of one date in each table that is partitioned by event date."""
    held = {}
    for name, folder in table_folders(warm.warehouse).items():
        uris = published.DeltaTable(folder).file_uris()
        if any("event_date=" in uri for uri in uris):
            held[name] = sorted(uri for uri in uris if f"event_date={day}" in uri)
    return held


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
