"""The pull-request job: build what a change touches, read the rest where main has it."""

import json
import os
import re
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


def copied(project: Path, main: Warehouse) -> Path:
    """A copy of the project, with the state of main."""
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns(*LEFT_OUT))
    (project / "state").mkdir(exist_ok=True)
    shutil.copy(main.root / "target" / "manifest.json", project / "state")
    return project


@pytest.fixture(scope="module")
def job(tmp_path_factory, daily) -> tuple[Path, int, dict[str, str]]:
    """Two models are changed, one of them for the worse; the mended copy, and how the job went."""
    project = copied(tmp_path_factory.mktemp("pull_request") / "project", daily)
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


def test_a_changed_seed_is_read_by_unit_tests_and_by_what_hangs_on_it(tmp_path, daily):
    project = copied(tmp_path / "project", daily)
    # Nothing is changed yet; but dbt remembers what it parsed.
    assert run(project, daily, ".ci/pull-request") == (0, {})
    behind = ("daily_categories_brands", "category_levels", "published_comparison")

    def rename_a_band(file: Path) -> None:
        file.write_text(re.sub(r"\babove 1000,", "over 1000,", file.read_text()))

    rename_a_band(project / "seeds" / "commerce" / "price_bands.csv")
    # A unit test has the seed's rows, and expects the old name.
    code, outcome = run(project, daily, ".ci/pull-request")
    assert (code, outcome) == (1, {"price_bands": "success"} | dict.fromkeys(behind, "skipped"))
    rename_a_band(project / "models/marts/products/daily_categories_brands.unit_tests.yml")
    assert run(project, daily, "dbt", "retry") == (0, dict.fromkeys(behind, "success"))
    built = daily.root / "warehouse" / "pull_request_commerce.db" / "daily_categories_brands"
    bands = set(DeltaTable(built).to_pyarrow_table()["price_band"].to_pylist())
    assert "over 1000" in bands and "above 1000" not in bands


def test_changed_staging_has_the_rows_of_all_landed_files(tmp_path, daily):
    main = Warehouse(tmp_path / "main")
    shutil.copytree(daily.root, main.root)
    project = copied(tmp_path / "project", main)
    rows = project / "models" / "staging" / "stg_rows.sql"
    # It fails when its rows are there, so that nothing behind it has to be built.
    fails = "{{ config(post_hook='insert into nowhere select 1') }}"
    rows.write_text(f"{fails}\n{rows.read_text()}")
    code, outcome = run(project, main, ".ci/pull-request")
    assert code == 1 and outcome["stg_rows"] == "error" and outcome["fct_events"] == "skipped"
    held, built = (
        DeltaTable(main.root / "warehouse" / f"{schema}_staging.db" / "stg_rows")
        for schema in ("shopstream", "pull_request")
    )
    assert built.to_pyarrow_table().num_rows == held.to_pyarrow_table().num_rows > 0
