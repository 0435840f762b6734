"""Users erased, builds rolled back, tables maintained: readers keep what they may see."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow.dataset as ds
import pytest

from shopstream import published
from shopstream.errors import LandingError, NothingPublished
from shopstream.intake import corrections, register
from shopstream.warehouse import maintenance, publishing
from shopstream.warehouse.tables import table_folders
from tests.helpers.compare import differences
from tests.helpers.forgetting import forget
from tests.helpers.two_files import FIRST, HEADER, SECOND
from tests.helpers.warm import NO_TESTS, WarmWarehouse


def test_rows_without_a_user_can_not_be_erased_as_one(warm):
    before = register.versions(warm.warehouse)
    with pytest.raises(LandingError, match="-999999 is no user"):
        corrections.erase(warm.warehouse, -999999)
    assert register.versions(warm.warehouse) == before


def test_an_erased_user_is_in_no_file_and_stays_out_of_a_rebuild(warm):
    other = "2019-10-09 10:00:00 UTC,view,1,2,a.b,acme,1.00,7104,s\n"
    (warm.landing / "third.csv").write_text(HEADER + other)  # a file without the user
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
    assert ledger["rows_erased"].to_pylist() == [4, 1, 0]
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
