"""What each build did and cost, as tables in the schema `shopstream_performance`.

`builds`: one row a build. `model_runs`: one row a build and table, with the files and bytes that
its Delta log says were added and removed. `test_results`: one row a build and rule. They are
written before a build is published, so that its readers see its own rows. Their grain is a build: a
rebuild from nothing begins them anew.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from shopstream.warehouse import artifacts
from shopstream.warehouse.tables import is_table, mart_folders, table_folders

SCHEMA = "shopstream_performance"
BUILDS = pa.schema(
    {
        "build_id": pa.int64(),
        "finished_at": pa.timestamp("us", "UTC"),
        "seconds": pa.float64(),
        "peak_memory_bytes": pa.int64(),
        "files_landed": pa.int64(),
        "rows_landed": pa.int64(),
        "models": pa.int64(),
        "tests": pa.int64(),
        "only_core": pa.bool_(),
    }
)
MODEL_RUNS = pa.schema(
    {
        "build_id": pa.int64(),
        "table_name": pa.string(),
        "seconds": pa.float64(),
        "version": pa.int64(),
        "files_added": pa.int64(),
        "files_removed": pa.int64(),
        "bytes_added": pa.int64(),
        "bytes_removed": pa.int64(),
        "total_files": pa.int64(),
        "total_bytes": pa.int64(),
        "total_rows": pa.int64(),
    }
)
TEST_RESULTS = pa.schema(
    {
        "build_id": pa.int64(),
        "rule": pa.string(),
        "tested": pa.string(),
        "status": pa.string(),
        "failing_rows": pa.int64(),
        "seconds": pa.float64(),
    }
)


def note_build(
    warehouse: Path,
    target: Path,
    build_id: int,
    *,
    seconds: float,
    peak_memory_bytes: int,
    files_landed: int,
    rows_landed: int,
    only_core: bool,
) -> None:
    """Add the rows of a build whose dbt artefacts lie in `target`."""
    results, nodes = artifacts.run(target)
    runs = [(nodes[r["unique_id"]], r) for r in results if r["unique_id"] in nodes]
    spent = {
        f"{node['schema']}.{node['alias']}": result["execution_time"]
        for node, result in runs
        if node["resource_type"] in ("model", "seed")
    }
    before = _versions_noted(warehouse)
    tables = [
        {"table_name": name, "seconds": spent[name]} | _written(folder, since=before.get(name, -1))
        for name, folder in table_folders(warehouse).items()
        if name in spent
    ]
    tests = [
        {
            "rule": node["name"],
            "tested": (node.get("attached_node") or "").split(".")[-1] or None,
            "status": result["status"],
            "failing_rows": result["failures"] or 0,
            "seconds": result["execution_time"],
        }
        for node, result in runs
        if node["resource_type"] == "test"
    ]
    build = {
        "finished_at": datetime.now(UTC),
        "seconds": seconds,
        "peak_memory_bytes": peak_memory_bytes,
        "files_landed": files_landed,
        "rows_landed": rows_landed,
        "models": len(spent),
        "tests": len(tests),
        "only_core": only_core,
    }
    _keep(warehouse, "builds", build_id, [build], BUILDS)
    _keep(warehouse, "model_runs", build_id, tables, MODEL_RUNS)
    _keep(warehouse, "test_results", build_id, tests, TEST_RESULTS)


def tables_of_this_run(warehouse: Path, target: Path) -> set[str]:
    """Tables that dbt's last run built, by `schema.table`, and those that shopstream writes."""
    written = {name for name in mart_folders(warehouse) if name.startswith(f"{SCHEMA}.")}
    if not (target / "run_results.json").exists():  # dbt ended before it wrote them
        return written
    results, nodes = artifacts.run(target)
    built = [nodes[r["unique_id"]] for r in results if r["status"] == "success"]
    kinds = ("model", "seed", "snapshot")
    return written | {f"{n['schema']}.{n['alias']}" for n in built if n["resource_type"] in kinds}


def _versions_noted(warehouse: Path) -> dict[str, int]:
    """The version of each table up to which its commits have been counted."""
    folder = warehouse / f"{SCHEMA}.db" / "model_runs"
    if not is_table(folder):
        return {}
    rows = DeltaTable(folder).to_pyarrow_table(columns=["table_name", "version"]).to_pylist()
    return {row["table_name"]: row["version"] for row in sorted(rows, key=lambda r: r["version"])}


def _written(folder: Path, since: int) -> dict[str, int]:
    """What a table holds, and what its commits after a version added and removed."""
    table = DeltaTable(folder)
    version = table.version()
    if version < since:  # the table was made anew
        since = -1
    added, removed = [], []
    for number in range(since + 1, version + 1):
        commit = folder / "_delta_log" / f"{number:020}.json"
        for line in commit.read_text().splitlines() if commit.exists() else []:
            action = json.loads(line)
            if "add" in action and action["add"]["dataChange"]:
                added.append(action["add"]["size"])
            if "remove" in action and action["remove"]["dataChange"]:
                removed.append(action["remove"].get("size") or 0)
    files = pa.table(table.get_add_actions(flatten=True)).to_pylist()
    return {
        "version": version,
        "files_added": len(added),
        "files_removed": len(removed),
        "bytes_added": sum(added),
        "bytes_removed": sum(removed),
        "total_files": len(files),
        "total_bytes": sum(file["size_bytes"] for file in files),
        "total_rows": sum(file.get("num_records") or 0 for file in files),
    }


def _keep(warehouse: Path, name: str, build_id: int, rows: list[dict], schema: pa.Schema) -> None:
    """Write the rows of a build; one that was killed before it was published had its number."""
    folder = warehouse / f"{SCHEMA}.db" / name
    table = pa.Table.from_pylist([{"build_id": build_id} | row for row in rows], schema=schema)
    if is_table(folder):
        write_deltalake(folder, table, mode="overwrite", predicate=f"build_id = {build_id}")
    else:
        write_deltalake(folder, table)
