"""What holds when a build or an erasure is cut short: by a kill, a failure, or a full disk."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from rich.console import Console

from shopstream import console, sample
from shopstream.config import SAMPLE_MARK
from shopstream.errors import BuildError, LandingError
from shopstream.intake import corrections, erasure, landing, register
from shopstream.published import read_published
from shopstream.run import build, dbt, owed
from shopstream.run.deliveries import choose_landing
from shopstream.warehouse import artifacts, fingerprint
from shopstream.warehouse.emptying import empty_warehouse
from shopstream.warehouse.lock import target_lock, warehouse_lock
from shopstream.warehouse.publishing import publish, roll_back, unpublish
from tests.helpers.dbt_run import dbt_wrote

HOLDS = """
import sys
from pathlib import Path
from shopstream.config import Settings
from shopstream.run.dbt import warm_dbt
from shopstream.warehouse.lock import warehouse_lock
root, sys.executable = Path(sys.argv[1]), f"{sys.argv[1]}/python"
settings = Settings(root, root / "warehouse", root, root, root)
with warehouse_lock(settings.warehouse):
    warm_dbt(settings, "build")
"""


def test_the_lock_is_held_until_dbt_has_ended_too(tmp_path):
    (tmp_path / "warehouse").mkdir()
    program = tmp_path / "dbt"
    program.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 60\n")
    program.chmod(0o755)
    holder = subprocess.Popen([sys.executable, "-c", HOLDS, str(tmp_path)])
    pid, lock = tmp_path / "pid", tmp_path / "warehouse/.build.lock"
    # dbt runs before the lock says so
    while not (pid.exists() and pid.read_text().strip() and ", dbt " in lock.read_text()):
        time.sleep(0.05)
        assert holder.poll() is None
    holder.kill()
    holder.wait()
    words = f"another build holds .*process {holder.pid} since .*, dbt {pid.read_text().strip()}. "
    with (
        pytest.raises(BuildError, match=words),
        warehouse_lock(tmp_path / "warehouse"),
    ):
        pass
    os.kill(int(pid.read_text()), signal.SIGKILL)
    for _ in range(100):
        try:
            with warehouse_lock(tmp_path / "warehouse"):
                return
        except BuildError:
            time.sleep(0.05)
    pytest.fail("the lock outlived dbt")


@pytest.mark.parametrize("step", range(8))
def test_a_warehouse_that_was_half_emptied_is_built_from_nothing(settings, monkeypatch, step):
    moved, rename = [], Path.rename

    def stop(path, target):
        if len(moved) == step:
            raise KeyboardInterrupt
        moved.append(path)
        return rename(path, target)

    with monkeypatch.context() as cut:
        cut.setattr(Path, "rename", stop)
        with pytest.raises(KeyboardInterrupt):
            empty_warehouse(settings.warehouse)
    assert fingerprint.read(settings.warehouse) == fingerprint.NOTHING
    assert not (settings.warehouse / "published.json").exists()
    empty_warehouse(settings.warehouse)
    assert {path.name for path in settings.warehouse.rglob("*")} == {
        "shopstream_landing.db",
        "erased_users",
        *(path.name for path in (settings.warehouse / "shopstream_landing.db").rglob("*")),
    }
    assert {path.name for path in (settings.warehouse / "shopstream_landing.db").iterdir()} == {
        "erased_users"
    }


def test_an_erasure_that_could_not_be_published_is_finished_by_the_next_build(
    settings, monkeypatch, capsys
):
    passes = [False, True, True]
    monkeypatch.setattr(build, "run_dbt", lambda *_, **__: passes.pop(0))
    monkeypatch.setattr(build, "catch_up", lambda *_: None)
    monkeypatch.setattr(build, "note_build", lambda *_, **__: None)
    monkeypatch.setattr(build, "keep_failing_rows", lambda *_: None)
    monkeypatch.setattr(erasure, "tables_of_no_model", lambda *_: ["shopstream_core.old"])
    monkeypatch.setattr(build.BuildRun, "report", lambda *_, **__: None)
    monkeypatch.setattr(corrections, "erase", lambda *_: ["a.csv"])
    publish(settings.warehouse)
    announced = []  # of anomalies, which are those that the build before had not
    monkeypatch.setenv("SHOPSTREAM_HOOK", "true")
    monkeypatch.setattr(build.hook, "announce", lambda event, _: announced.append(event))
    monkeypatch.setattr(
        build.hook, "new_anomalies", lambda w: [1] * (len(read_published(w)["builds"]) == 1)
    )
    assert build.erase(settings, 7) == build.FAILED
    said = capsys.readouterr().out
    assert "Not erased yet" in said and "still hold rows of the user" in said
    assert build.build(settings, only_core=True) == 0
    assert "Not erased yet" in capsys.readouterr().out
    assert len(read_published(settings.warehouse)["builds"]) == 3
    assert build.build(settings) == 0
    said = capsys.readouterr().out
    assert "Erased from the warehouse" in said and "no model of the project" in said
    assert "shopstream_core.old" in said
    assert len(read_published(settings.warehouse)["builds"]) == 1
    assert not (settings.warehouse / erasure.MARK).exists()
    assert announced == ["failed"]


@pytest.fixture
def core(settings, monkeypatch) -> Path:
    """A mart that each build writes; all else of a build is as it is."""
    core = settings.warehouse / "shopstream_core.db/one"

    def run_dbt(settings, options, variables, *, with_tests):
        nodes = {"model.x.one": {"schema": "shopstream_core", "alias": "one"}}
        nodes["model.x.one"] |= {"resource_type": "model", "name": "one"}
        result = {"unique_id": "model.x.one", "status": "success", "execution_time": 1}
        dbt_wrote(settings.target, [result], nodes)
        write_deltalake(core, pa.table({"n": [2]}), mode="overwrite")
        return True

    monkeypatch.setattr(build, "run_dbt", run_dbt)
    monkeypatch.setattr(build.BuildRun, "report", lambda *_, **__: None)
    return core


def test_a_build_has_one_number_in_the_list_and_in_the_history(settings, core):
    unpublish(settings.warehouse)
    for number in (1, 2):
        assert build.build(settings, full_refresh=True) == 0
        assert read_published(settings.warehouse)["build_id"] == number
        builds = DeltaTable(settings.warehouse / "shopstream_performance.db/builds")
        assert max(builds.to_pyarrow_table()["build_id"].to_pylist()) == number


def test_what_another_dbt_wrote_meanwhile_is_not_published(settings, core, monkeypatch):
    before, run_dbt = read_published(settings.warehouse), build.run_dbt

    def overtaken(settings, *options, **more):
        passed = run_dbt(settings, *options, **more)
        dbt_wrote(settings.target, [], env={})  # someone's `dbt parse`
        return passed

    monkeypatch.setattr(build, "run_dbt", overtaken)
    with pytest.raises(BuildError, match="another dbt wrote to "):
        build.build(settings, full_refresh=True)
    assert read_published(settings.warehouse) == before
    monkeypatch.setattr(build, "run_dbt", run_dbt)
    assert build.build(settings) == 0
    assert read_published(settings.warehouse) != before


def test_artifacts_of_another_run_or_half_written_are_not_those_of_this_one(tmp_path):
    dbt_wrote(tmp_path, [])
    assert artifacts.run(tmp_path) == ([], {})
    whole = (tmp_path / "manifest.json").read_text()
    dbt_wrote(tmp_path, [])
    (tmp_path / "manifest.json").write_text(whole)  # of the run before
    with pytest.raises(BuildError, match="DBT_TARGET_PATH"):
        artifacts.run(tmp_path)
    for name in ("manifest", "run_results"):
        dbt_wrote(tmp_path, [{"unique_id": "model.x.one"}])
        (tmp_path / f"{name}.json").write_text(whole[:-9])
        with pytest.raises(BuildError, match="DBT_TARGET_PATH"):
            artifacts.run(tmp_path)
    assert artifacts.results(tmp_path) == []


def test_two_builds_in_one_target_folder_come_one_after_the_other(settings, core):
    with (
        target_lock(settings.target),
        pytest.raises(BuildError, match=f"{settings.target}: process .* DBT_TARGET_PATH"),
    ):
        build.build(settings, full_refresh=True)
    assert build.build(settings, full_refresh=True) == 0


def test_a_build_of_the_core_publishes_no_business_mart_of_another_run(settings, core, capsys):
    business = settings.warehouse / "shopstream_commerce.db/one"
    write_deltalake(business, pa.table({"n": [1]}))
    publish(settings.warehouse)
    write_deltalake(business, pa.table({"n": [9]}), mode="overwrite")  # of a build that failed
    assert build.build(settings, only_core=True) == 0
    assert "stay as published before: shopstream_commerce.one." in capsys.readouterr().out
    tables = read_published(settings.warehouse)["tables"]
    versions = {name: entry["version"] for name, entry in tables.items() if ".one" in name}
    assert versions == {"shopstream_core.one": 1, "shopstream_commerce.one": 0}
    assert "shopstream_performance.builds" in tables


def test_what_a_killed_run_left_half_made_is_swept_before_dbt_begins(settings, monkeypatch):
    half = settings.warehouse / "shopstream_seeds.db/one"
    (half / "_delta_log/_staged_commits").mkdir(parents=True)
    monkeypatch.setattr(dbt, "dbt", lambda *_, **__: int(half.exists()))
    assert dbt.warm_dbt(settings, "build") == 0


def test_a_first_build_that_was_killed_in_its_register_or_rows_is_made_anew(settings):
    warehouse = settings.warehouse.with_name("new")
    for name in ("landing.db/landed_files", "staging.db/stg_rows"):
        (warehouse / f"shopstream_{name}/_delta_log").mkdir(parents=True)
    assert not register.has_landed(warehouse)
    landing.land(settings.landing, warehouse)
    assert register.has_landed(warehouse)
    with pytest.raises(LandingError, match="nothing was built"):
        corrections.rows_are_waiting(warehouse)


def test_an_erasure_that_did_not_begin_is_not_finished(settings, monkeypatch):
    monkeypatch.setattr(build, "catch_up", lambda *_: None)

    def no_key(*_):
        raise LandingError("no key")

    monkeypatch.setattr(corrections, "erase", no_key)
    with pytest.raises(LandingError):
        build.erase(settings, 7)
    assert not (settings.warehouse / erasure.MARK).exists()


def test_tables_of_models_that_were_removed_are_told(settings):
    (settings.target / "manifest.json").write_text(
        '{"nodes": {"model.x.one": {"schema": "shopstream_core", "alias": "one"}},'
        ' "sources": {"source.x.two": {"schema": "shopstream_performance", "identifier": "two"}}}'
    )
    for name in ("performance.db/two", "dbt_test__audit.db/a_rule"):
        write_deltalake(settings.warehouse / f"shopstream_{name}", pa.table({"n": [1]}))
    assert erasure.tables_of_no_model(settings) == ["shopstream_staging.one"]


def test_real_files_that_are_gone_do_not_bring_the_sample(settings):
    (settings.landing / "a.csv").unlink()
    assert choose_landing(settings) == settings.landing
    assert not (settings.warehouse / SAMPLE_MARK).exists()


def test_without_files_a_new_warehouse_gets_the_sample(settings, monkeypatch):
    (settings.landing / "a.csv").unlink()
    empty = replace(settings, warehouse=settings.warehouse.with_name("empty"))
    empty.warehouse.mkdir()
    monkeypatch.setattr(sample, "generate", lambda folder: (folder / "s.csv").touch())
    assert choose_landing(empty) == settings.sample
    assert (empty.warehouse / SAMPLE_MARK).exists()


def test_a_landing_folder_that_was_named_and_is_not_there_is_told(settings, monkeypatch):
    empty = replace(settings, landing=settings.landing / "typo", warehouse=settings.sample)
    monkeypatch.setenv("SHOPSTREAM_LANDING", str(empty.landing))
    with pytest.raises(BuildError, match="typo, which is not a folder"):
        choose_landing(empty)


def another_file(settings):
    (settings.landing / "b.csv").write_text("event_time,event_type,product_id,user_id\n")
    landing.land(settings.landing, settings.warehouse)


def without_business_marts(settings):
    publish(settings.warehouse, owed.inputs(settings) | {"only_core": True})


def rows_that_are_not_published(settings):
    write_deltalake(
        settings.warehouse / "shopstream_core.db/one", pa.table({"n": [2]}), mode="append"
    )


def an_older_build(settings):
    rows_that_are_not_published(settings)
    publish(settings.warehouse, owed.inputs(settings))
    roll_back(settings.warehouse)


@pytest.mark.parametrize(
    "change",
    [another_file, an_older_build, without_business_marts, rows_that_are_not_published],
)
def test_nothing_is_new_until_something_is(settings, change):
    assert not owed.nothing_is_new(settings), "it is not known what was published"
    publish(settings.warehouse, owed.inputs(settings))
    assert owed.nothing_is_new(settings)
    change(settings)
    assert not owed.nothing_is_new(settings)


def test_an_ordinary_load_leaves_out_what_was_tested_and_all_else_tests_everything(
    settings, monkeypatch
):
    tested = []

    def warm_dbt(*_, SHOPSTREAM_TESTED_LOAD, **__):
        tested.append(int(SHOPSTREAM_TESTED_LOAD))
        return 0

    def load(*options, **variables):
        assert dbt.run_dbt(settings, options, variables, with_tests=True)
        return tested[-1]

    monkeypatch.setattr(dbt, "warm_dbt", warm_dbt)
    events = settings.warehouse / "shopstream_core.db/fct_events"
    write_deltalake(events, pa.table({"load_id": [1, 2]}))
    assert load() == 0, "by which code the published build was tested is not known"
    publish(settings.warehouse, owed.inputs(settings))
    assert load() == 2
    assert load("--full-refresh") == 0 and load(backfill={"load_id": 3}) == 0
    write_deltalake(events, pa.table({"load_id": [3]}), mode="append")
    assert load() == 2, "load 3 is not published"
    publish(settings.warehouse, owed.inputs(settings))
    assert load() == 3
    roll_back(settings.warehouse)
    assert load() == 2
    monkeypatch.setattr(fingerprint, "all_code", lambda: "other tests")
    assert load() == 0


def test_a_build_with_nothing_new_runs_no_dbt(settings, monkeypatch):
    ran = []
    monkeypatch.setattr(build, "run_dbt", lambda *_, **__: ran.append(1) or False)
    monkeypatch.setattr(build, "keep_failing_rows", lambda *_: None)
    monkeypatch.setattr(build.BuildRun, "report", lambda *_, **__: None)
    publish(settings.warehouse, owed.inputs(settings))
    assert build.build(settings) == 0 and not ran
    assert build.build(settings, only_core=True) == build.FAILED and ran == [1]


def test_a_file_named_like_markup_does_not_stop_the_progress_bar(monkeypatch):
    monkeypatch.setattr(console, "console", Console(force_terminal=True))
    with console.progress_bar("landing") as advance:
        advance("x[/b].csv", 1, 2)
