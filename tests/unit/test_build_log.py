"""What a build is said to have done is what its tables' logs say."""

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from shopstream.warehouse.build_log import note_build
from tests.helpers.dbt_run import dbt_wrote

NODES = {
    "model.s.marts": {"resource_type": "model", "schema": "shopstream_core", "alias": "marts"},
    "model.s.view": {"resource_type": "model", "schema": "shopstream_core", "alias": "view"},
    "test.s.rule": {"resource_type": "test", "name": "rule", "attached_node": "model.s.marts"},
}


def finish(warehouse, target, build_id: int, **figures) -> None:
    """Note a build in which all nodes ran."""
    results = [
        {"unique_id": name, "status": "pass", "execution_time": 1.5, "failures": None}
        for name in NODES
    ]
    dbt_wrote(target, results, NODES)
    usual = {"seconds": 2.0, "peak_memory_bytes": 3, "files_landed": 1, "rows_landed": 9}
    note_build(warehouse, target, build_id, only_core=False, **(usual | figures))


@pytest.fixture
def shop(tmp_path):
    """A warehouse with one mart of two files, and a target folder."""
    mart = tmp_path / "warehouse" / "shopstream_core.db" / "marts"
    for day in (1, 2):
        write_deltalake(
            mart, pa.table({"day": [day] * 3, "x": [1, 2, 3]}), mode="append", partition_by=["day"]
        )
    return tmp_path / "warehouse", tmp_path / "target", mart


def rows(warehouse, name: str) -> list[dict]:
    table = DeltaTable(warehouse / "shopstream_performance.db" / name).to_pyarrow_table()
    return sorted(table.to_pylist(), key=lambda row: row["build_id"])


def test_files_and_bytes_are_those_of_the_commits_since_the_build_before(shop):
    warehouse, target, mart = shop
    finish(warehouse, target, 1)
    write_deltalake(mart, pa.table({"day": [2], "x": [4]}), mode="overwrite", predicate="day = 2")
    finish(warehouse, target, 2)
    first, second = rows(warehouse, "model_runs")
    assert (first["files_added"], first["files_removed"], first["total_files"]) == (2, 0, 2)
    assert first["bytes_added"] == first["total_bytes"] > 0
    assert (first["total_rows"], second["total_rows"]) == (6, 4)
    assert (second["files_added"], second["files_removed"], second["total_files"]) == (1, 1, 2)
    grown = second["bytes_added"] - second["bytes_removed"]
    assert second["total_bytes"] - first["total_bytes"] == grown


def test_a_build_that_was_killed_before_publishing_is_not_counted_twice(shop):
    warehouse, target, _ = shop
    finish(warehouse, target, 1, rows_landed=5)
    finish(warehouse, target, 1, rows_landed=7)
    assert [row["rows_landed"] for row in rows(warehouse, "builds")] == [7]
    (result,) = rows(warehouse, "test_results")
    assert (result["rule"], result["tested"], result["failing_rows"]) == ("rule", "marts", 0)
