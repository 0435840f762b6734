"""The list of builds that readers can be shown: its numbers, its length, rolling back."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

import shopstream
from shopstream import published
from shopstream.errors import NothingPublished, PublishedLost
from shopstream.warehouse import publishing, tables
from shopstream.warehouse.build_log import tables_of_this_run
from shopstream.warehouse.maintenance import (
    maintain,
    staying_published,
    tables_are_published,
    tables_as_published,
)
from tests.helpers.dbt_run import dbt_wrote

ONE, TWO = "shopstream_core.one", "shopstream_commerce.two"


@pytest.fixture
def warehouse(tmp_path) -> Path:
    write_deltalake(tmp_path / "shopstream_core.db" / "one", pa.table({"n": [1]}))
    return tmp_path


def listed(warehouse: Path) -> list[int]:
    return [build["build_id"] for build in published.read_published(warehouse)["builds"]]


def age(warehouse: Path, days: dict[int, float]) -> None:
    """Make builds older, by their number."""
    file = warehouse / "published.json"
    held = json.loads(file.read_text())
    for build in held["builds"]:
        made = datetime.now(UTC) - timedelta(days=days.get(build["build_id"], 0))
        build["published_at"] = made.isoformat(timespec="seconds")
    held["checksum"] = published.checksum(held)
    file.write_text(json.dumps(held))


def test_the_newest_builds_stay_listed(warehouse):
    for _ in range(35):
        publishing.publish(warehouse)
    assert listed(warehouse) == list(range(35, 5, -1))


def test_a_build_stays_listed_for_sixty_days(warehouse):
    for _ in range(4):
        publishing.publish(warehouse)
    age(warehouse, {1: 60.01, 2: 59.99, 3: 61})
    publishing.delist(warehouse)
    assert listed(warehouse) == [4, 2]


def test_the_build_that_readers_see_is_never_delisted(warehouse):
    for _ in range(3):
        publishing.publish(warehouse)
    publishing.roll_back(warehouse, 1)
    age(warehouse, {1: 100, 2: 100})
    publishing.delist(warehouse)
    assert listed(warehouse) == [3, 1]
    assert published.read_published(warehouse)["build_id"] == 1


def test_a_number_is_never_given_twice(warehouse):
    """The history of builds is kept by number: a second build 2 would replace the first's."""
    for _ in range(2):
        publishing.publish(warehouse)
    publishing.roll_back(warehouse)
    publishing.delist(warehouse, all_but_current=True)
    assert listed(warehouse) == [1]
    assert publishing.next_build_id(warehouse) == 3
    assert publishing.publish(warehouse)["build_id"] == 3


def test_numbers_go_on_from_a_list_of_before_the_last_one_was_kept(warehouse):
    publishing.publish(warehouse)
    file = warehouse / "published.json"
    held = json.loads(file.read_text())
    del held["last_build_id"], held["checksum"]
    file.write_text(json.dumps(held))
    assert publishing.publish(warehouse)["build_id"] == 2


def test_rolling_back_goes_one_build_at_a_time_and_ends_at_the_oldest(warehouse):
    for _ in range(3):
        publishing.publish(warehouse)
    assert publishing.roll_back(warehouse)["build_id"] == 2
    assert publishing.roll_back(warehouse)["build_id"] == 1
    with pytest.raises(NothingPublished, match="a build before 1 is not listed"):
        publishing.roll_back(warehouse)
    assert published.read_published(warehouse)["build_id"] == 1
    assert publishing.publish(warehouse)["build_id"] == 4


def add(warehouse: Path, name: str, number: int) -> None:
    """A row more in a table, by `schema.table`."""
    schema, table = name.split(".")
    rows = pa.table({"n": [number]})
    write_deltalake(warehouse / f"{schema}.db" / table, rows, mode="append")


def seen(warehouse: Path) -> dict[str, list[int]]:
    """The rows of all tables as readers see them."""
    shown = published.read_published(warehouse)
    return {
        name: sorted(
            published.open_table(warehouse, name, shown).to_pyarrow_table()["n"].to_pylist()
        )
        for name in shown["tables"]
    }


def half_made(warehouse: Path, name: str) -> Path:
    """A table whose first commit was killed."""
    schema, table = name.split(".")
    log = warehouse / f"{schema}.db" / table / "_delta_log"
    (log / "_staged_commits").mkdir(parents=True)
    (log / "_staged_commits" / f"{0:020}.7c.json").write_text("{}\n")
    return log.parent


def test_what_a_run_did_not_build_is_carried_over_or_left_out(warehouse):
    add(warehouse, TWO, 1)
    publishing.publish(warehouse)
    for name in (ONE, TWO, "shopstream_seeds.three"):
        add(warehouse, name, 2)  # untested, as --no-tests and a failed build leave it
    build = publishing.publish(warehouse, built={ONE})
    assert seen(warehouse) == {TWO: [1], ONE: [1, 2]}
    assert publishing.carried_over(warehouse, build, {ONE}) == (
        "Tables that this run did not build and test stay as published before: "
        "shopstream_commerce.two; are left out: shopstream_seeds.three."
    )
    assert not publishing.carried_over(warehouse, build, set(tables.mart_folders(warehouse)))
    assert not tables_are_published(warehouse)


def test_what_is_carried_over_after_a_rollback_is_what_readers_saw_last(warehouse):
    add(warehouse, TWO, 1)
    publishing.publish(warehouse)
    add(warehouse, TWO, 2)
    publishing.publish(warehouse)
    publishing.roll_back(warehouse)
    publishing.publish(warehouse, built={ONE})
    assert seen(warehouse)[TWO] == [1]


def test_a_half_made_table_stops_neither_publishing_nor_maintenance_and_is_swept(warehouse):
    folder = half_made(warehouse, TWO)
    publishing.publish(warehouse)
    maintain(warehouse)
    assert list(seen(warehouse)) == [ONE] and folder.exists()
    tables.sweep(warehouse)
    assert not folder.exists() and not (warehouse / tables.REMOVED).exists()
    assert seen(warehouse) == {ONE: [1]}


def test_maintenance_compacts_what_is_published_and_does_not_publish_what_is_not(warehouse):
    for name in (ONE, TWO):
        add(warehouse, name, 2)
    publishing.publish(warehouse)
    add(warehouse, TWO, 3)
    maintain(warehouse)
    assert seen(warehouse) == {ONE: [1, 2], TWO: [2]}
    assert tables_as_published(warehouse) == {ONE}
    shown = published.read_published(warehouse)
    assert len(published.open_table(warehouse, ONE, shown).file_uris()) == 1


@pytest.mark.parametrize("measured", [[], ["shopstream_performance.bench_runs"]])
def test_what_is_measured_beside_builds_is_published_with_what_readers_see(warehouse, measured):
    publishing.publish(warehouse)
    add(warehouse, TWO, 1)
    with staying_published(warehouse, measured):
        add(warehouse, "shopstream_performance.bench_runs", 1)
    assert sorted(seen(warehouse)) == [ONE, *measured]
    publishing.roll_back(warehouse)
    with staying_published(warehouse, measured):
        add(warehouse, "shopstream_performance.bench_runs", 2)
    assert published.read_published(warehouse)["build_id"] == 1, "the next build ends a rollback"


def test_the_tables_of_a_run_are_those_that_dbt_built_and_the_performance_tables(warehouse):
    target = warehouse / "target"
    add(warehouse, "shopstream_performance.builds", 1)
    assert tables_of_this_run(warehouse, target) == {"shopstream_performance.builds"}
    kinds = {"model.one": "model", "test.one": "test", "model.two": "model"}
    nodes = {
        key: {"schema": "shopstream_core", "alias": key.split(".")[1], "resource_type": kind}
        for key, kind in kinds.items()
    }
    results = [{"unique_id": "model.one", "status": "success"}]
    results += [{"unique_id": "test.one", "status": "pass"}]
    results += [{"unique_id": "model.two", "status": "skipped"}]
    dbt_wrote(target, results, nodes)
    assert tables_of_this_run(warehouse, target) == {ONE, "shopstream_performance.builds"}


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])


DAMAGES = {
    "truncated": truncated,
    "empty": lambda file: file.write_bytes(b""),
    "of zeros": lambda file: file.write_bytes(bytes(file.stat().st_size)),
    "of another kind": lambda file: file.write_text("[1]"),
    "of other tables": lambda file: file.write_text(file.read_text().replace('"path"', '"bath"')),
    "of other builds": lambda file: file.write_text(
        '{"build_id": 1, "published_at": "2026-01-01", "tables": {}, "builds": [5]}'
    ),
    "deleted": Path.unlink,
}


def test_no_flipped_bit_gives_readers_another_build(warehouse):
    publishing.publish(warehouse)
    text, said = (warehouse / published.FILE).read_bytes(), published.read_published(warehouse)
    noticed = 0
    for place in range(8 * len(text)):
        flipped = bytearray(text)
        flipped[place // 8] ^= 1 << place % 8
        found = published.parsed(bytes(flipped))
        noticed += found is None
        if found:  # the bit was of white space, or of the word `checksum`
            assert {name: found.get(name) for name in said if name != "checksum"} == {
                name: value for name, value in said.items() if name != "checksum"
            }
    assert noticed > 7 * len(text)


@pytest.mark.parametrize("how", DAMAGES)
def test_a_lost_list_of_builds_is_restored_as_it_was(warehouse, how):
    for _ in range(3):
        publishing.publish(warehouse)
    publishing.roll_back(warehouse)
    file = warehouse / published.FILE
    held = file.read_text()
    DAMAGES[how](file)
    for reads in (published.read_published, publishing.publish, publishing.roll_back, maintain):
        with pytest.raises(PublishedLost, match="published --repair"):
            reads(warehouse)
    assert publishing.repair(warehouse)["build_id"] == 2
    assert file.read_text() == held


@pytest.mark.parametrize("how", DAMAGES)
def test_a_lost_copy_is_made_anew_and_matters_to_no_reader(warehouse, how):
    publishing.publish(warehouse)
    copy = warehouse / published.COPY
    DAMAGES[how](copy)
    assert published.read_published(warehouse)["build_id"] == 1
    publishing.repair(warehouse)
    assert copy.read_text() == (warehouse / published.FILE).read_text()


@pytest.mark.parametrize("how", DAMAGES)
def test_without_list_and_copy_builds_are_numbered_on(warehouse, how):
    for name in (published.FILE, published.COPY):
        publishing.publish(warehouse)
        DAMAGES[how](warehouse / name)
        if name == published.FILE:
            publishing.repair(warehouse)
    DAMAGES[how](warehouse / published.FILE)
    builds = warehouse / "shopstream_performance.db/builds"
    write_deltalake(builds, pa.table({"build_id": [1, 2]}))
    with pytest.raises(NothingPublished, match="as build 3: make build"):
        publishing.repair(warehouse)
    with pytest.raises(NothingPublished, match="no build has been published"):
        published.read_published(warehouse)
    assert publishing.publish(warehouse)["build_id"] == 3


def test_the_copy_is_written_before_the_list(warehouse, monkeypatch):
    """The other way round a list that is lost right after would be restored to the one before."""
    publishing.publish(warehouse)
    wrote = []
    monkeypatch.setattr(
        publishing.disk, "write", lambda path, text: wrote.append((path.name, text))
    )
    publishing.publish(warehouse)
    assert [name for name, _ in wrote[-2:]] == [published.COPY, published.FILE]
    assert wrote[-2][1] == wrote[-1][1]


def test_a_table_is_opened_by_the_package_itself_also_by_a_path_as_text(warehouse):
    publishing.publish(warehouse)
    add(warehouse, ONE, 2)
    for place in (warehouse, str(warehouse), warehouse.as_uri()):
        assert shopstream.open_table(place, ONE).to_pyarrow_table()["n"].to_pylist() == [1]
        assert shopstream.read_published(place)["build_id"] == 1
