"""The list of builds that readers can be shown: its numbers, its length, rolling back."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from shopstream import published


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
    file.write_text(json.dumps(held))


def test_the_newest_builds_stay_listed(warehouse):
    for _ in range(35):
        published.publish(warehouse)
    assert listed(warehouse) == list(range(35, 5, -1))


def test_a_build_stays_listed_for_sixty_days(warehouse):
    for _ in range(4):
        published.publish(warehouse)
    age(warehouse, {1: 60.01, 2: 59.99, 3: 61})
    published.delist(warehouse)
    assert listed(warehouse) == [4, 2]


def test_the_build_that_readers_see_is_never_delisted(warehouse):
    for _ in range(3):
        published.publish(warehouse)
    published.roll_back(warehouse, 1)
    age(warehouse, {1: 100, 2: 100})
    published.delist(warehouse)
    assert listed(warehouse) == [3, 1]
    assert published.read_published(warehouse)["build_id"] == 1


def test_a_number_is_never_given_twice(warehouse):
    """The history of builds is kept by number: a second build 2 would replace the first's."""
    for _ in range(2):
        published.publish(warehouse)
    published.roll_back(warehouse)
    published.delist(warehouse, all_but_current=True)
    assert listed(warehouse) == [1]
    assert published.next_build_id(warehouse) == 3
    assert published.publish(warehouse)["build_id"] == 3


def test_numbers_go_on_from_a_list_of_before_the_last_one_was_kept(warehouse):
    published.publish(warehouse)
    file = warehouse / "published.json"
    held = json.loads(file.read_text())
    del held["last_build_id"]
    file.write_text(json.dumps(held))
    assert published.publish(warehouse)["build_id"] == 2


def test_rolling_back_goes_one_build_at_a_time_and_ends_at_the_oldest(warehouse):
    for _ in range(3):
        published.publish(warehouse)
    assert published.roll_back(warehouse)["build_id"] == 2
    assert published.roll_back(warehouse)["build_id"] == 1
    with pytest.raises(published.NothingPublished, match="a build before 1 is not listed"):
        published.roll_back(warehouse)
    assert published.read_published(warehouse)["build_id"] == 1
    assert published.publish(warehouse)["build_id"] == 4
