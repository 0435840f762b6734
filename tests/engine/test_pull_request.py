"""The pull-request job: build what a change touches, read the rest where main has it."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from deltalake import DeltaTable

from shopstream.bootstrap import JARS
from shopstream.warehouse.tables import mart_folders
from tests.helpers.warehouse import BIN, PROJECT, Warehouse

KEYS = {"rfm_users": "user_id", "rfm_segments_summary": "rfm_segment"}
LEFT_OUT = (".git", ".venv", ".jars", "data", "logs", "target", "__pycache__")


def run(project: Path, main: Warehouse, *command: str) -> tuple[int, dict[str, str]]:
    """Run a command of dbt's in a copy of the project; its exit code, and outcome by model."""
    environment = main.environment() | {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "SHOPSTREAM_JARS": str(JARS),
        "SHOPSTREAM_SCHEMA": "pull_request",
        "DBT_TARGET_PATH": str(project / "target"),
    }
    ran = subprocess.run(command, cwd=project, env=environment)
    results = json.loads((project / "target" / "run_results.json").read_text())["results"]
    return ran.returncode, {
        result["unique_id"].split(".")[2]: result["status"]
        for result in results
        if result["unique_id"].startswith(("model.", "seed."))
    }


@pytest.fixture(scope="module")
def job(tmp_path_factory, daily) -> tuple[Path, int, dict[str, str]]:
    """Two models are changed, one of them for the worse; the mended copy, and how the job went."""
    project = tmp_path_factory.mktemp("pull_request") / "project"
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns(*LEFT_OUT))
    (project / "state").mkdir(exist_ok=True)
    shutil.copy(daily.root / "target" / "manifest.json", project / "state")
    marts = project / "models" / "marts"
    changed, broken = marts / "users" / "rfm_users.sql", marts / "time" / "activity_cycles.sql"
    whole = broken.read_text()
    changed.write_text(f"-- changed\n{changed.read_text()}")
    broken.write_text(f"{{{{ config(pre_hook='insert into nowhere select 1') }}}}\n{whole}")
    code, outcome = run(project, daily, ".ci/pull-request")
    broken.write_text(whole)
    return project, code, outcome


def test_just_what_was_modified_and_what_is_behind_it_is_built(job, daily):
    _, code, outcome = job
    behind = {"rfm_segments_summary": "success"}
    assert outcome == {"rfm_users": "success", "activity_cycles": "error"} | behind
    assert code == 1


def test_it_reads_the_rest_where_main_has_it_and_writes_beside_it(job, daily):
    warehouse = daily.root / "warehouse"
    built = {path.name: path for path in warehouse.glob("pull_request_*.db/*")}
    assert set(built) == set(KEYS)
    for name, path in built.items():
        rows = DeltaTable(path).to_pyarrow_table()
        assert rows.sort_by(KEYS[name]) == daily.table(name).sort_by(KEYS[name])
    assert set(built.values()) & set(mart_folders(warehouse).values()) == set()


def test_a_retry_builds_only_what_failed(job, daily):
    project, _, _ = job
    assert run(project, daily, "dbt", "retry") == (0, {"activity_cycles": "success"})
