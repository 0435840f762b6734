"""The bench and the lab: what they compute, that they go on where they stopped, equal results."""

import itertools
import json
import os
import subprocess
import sys
import time

import duckdb
import pytest
import yaml
from deltalake import DeltaTable, write_deltalake

from bench import (
    builds,
    check,
    contenders,
    lab,
    larger,
    results,
    run_lab,
    tables,
)
from bench import measure as measured
from bench import run as run_bench
from bench.measure import Measured, measure
from bench.place import MONTH as DAYS
from bench.place import ContenderFailed, Place, make_input
from shopstream.config import PROJECT
from tests import oracle

EVENTS = 5_000
REAL, MONTH = results.REAL_EVENTS, results.MONTH_EVENTS


def run_of(contender: str, seconds: float, run: int = 1, **more) -> dict:
    """One line of the results."""
    line = {
        "commit": "abc",
        "events": REAL,
        "contender": contender,
        "run": run,
        "started_at": "2026-01-01T00:00:00+00:00",
        "seconds": seconds,
        "peak_bytes": 9 * 10**9,
        "written_bytes": 1,
        "kept_bytes": 1,
        "uses_spark": contender in ("notebook", "plain") or contender.endswith("_spark"),
        "busy_elsewhere": 0.0,
        "cores": 2,
        "memory_bytes": 1,
        "steps": {},
        "check": {},
    }
    return line | more


def figure(runs: list[dict], what: str, events: int = REAL) -> dict | None:
    return next((f for f in results.figures(runs, "abc", events) if f["what"] == what), None)


# --- resuming --------------------------------------------------------------------------------


def test_contenders_run_in_turn_and_finished_runs_are_left_out():
    runs = [run_of("floor", 1), run_of("floor", 1, 3), run_of("duckdb", 1) | {"commit": "old"}]
    assert results.still_to_run(runs, "abc", REAL, ["floor", "duckdb"], 2) == [
        (1, "duckdb"),
        (2, "floor"),
        (2, "duckdb"),
    ]
    assert len(results.still_to_run(runs, "abc", REAL // 10, ["floor"], 2)) == 2


def test_what_takes_longer_than_ten_minutes_runs_once():
    runs = [run_of("notebook", 601), run_of("plain", 599)]
    todo = results.still_to_run(runs, "abc", REAL, ["notebook", "plain"], 2)
    assert todo == [(2, "plain")]


def test_a_line_that_was_cut_off_is_run_again_and_swallows_nothing(tmp_path):
    path = tmp_path / "results.jsonl"
    results.append_run(path, run_of("floor", 1))
    with path.open("a") as file:
        file.write(json.dumps(run_of("duckdb", 1))[:40])
    results.append_run(path, run_of("plain", 1))
    assert [run["contender"] for run in results.read_runs(path)] == ["floor", "plain"]


def test_no_results_yet(tmp_path):
    assert results.read_runs(tmp_path / "results.jsonl") == []


def contender(name: str, run) -> contenders.Contender:
    return contenders.Contender(name, "a test", run, name)


def bench_of(monkeypatch, tmp_path, **runs):
    """`bench`, of these contenders only: functions of a place."""
    for name, work in runs.items():
        monkeypatch.setitem(run_bench.BY_NAME, name, contender(name, work))
    return run_bench.bench(tmp_path, EVENTS, 2, list(runs))


def quick(_: Place) -> Measured:
    return Measured(1.0, 1, 1, 0.0, 0)


def test_a_contender_that_fails_is_told_and_run_again_by_the_next_bench(monkeypatch, tmp_path):
    def broken(_):
        raise ContenderFailed("see its log")

    _, failed = bench_of(monkeypatch, tmp_path, one=quick, two=broken)
    assert failed == ["two: see its log"] * 2
    _, failed = bench_of(monkeypatch, tmp_path, one=broken, two=quick)
    assert failed == []
    runs = results.read_runs(tmp_path / "results.jsonl")
    assert [(r["contender"], r["run"]) for r in runs] == [
        ("one", 1),
        ("one", 2),
        ("two", 1),
        ("two", 2),
    ]


def test_a_run_under_which_the_code_changed_is_not_kept(monkeypatch, tmp_path):
    versions = iter(["a", "a", "b"])
    monkeypatch.setattr(run_bench, "code_version", lambda: next(versions))
    commit, failed = bench_of(monkeypatch, tmp_path, one=quick)
    assert commit == "a" and "changed meanwhile" in failed[0]
    assert len(results.read_runs(tmp_path / "results.jsonl")) == 1


def test_two_benches_do_not_work_in_one_folder(monkeypatch, tmp_path):
    inner = []

    def again(_):
        inner.append(run_bench.bench(tmp_path, EVENTS, 1, ["one"])[1])
        return quick(_)

    bench_of(monkeypatch, tmp_path, one=again)
    assert [f"another bench works in {tmp_path}" in failed[0] for failed in inner] == [True, True]


def test_settings_and_machine_are_in_the_name_of_what_was_measured(monkeypatch):
    found = {run_bench.code_version()}
    monkeypatch.setenv("SHOPSTREAM_WAREHOUSE", "/elsewhere")
    found.add(run_bench.code_version())
    assert len(found) == 1
    for variable, value in [("SHOPSTREAM_MEMORY", "17g"), ("DBT_TARGET", "connect")]:
        monkeypatch.setenv(variable, value)
        found.add(run_bench.code_version())
    assert len(found) == 3


def test_a_daily_load_stands_on_the_days_before_whatever_was_left(monkeypatch, tmp_path):
    place = Place(tmp_path, EVENTS, "abc", tmp_path / "work" / "one")
    built = []

    def build(place, *options, target):
        landed = len(list((place.folder / "landing").glob("*.parquet")))
        assert (place.folder / "landing" / "sources" / "sample.yml").exists()
        built.append((landed, (place.folder / "left").exists()))
        return quick(place)

    monkeypatch.setattr(builds, "build", build)
    full, daily = builds.full_build(), builds.daily_load()
    full(place)
    (place.folder / "left").touch()
    daily(place)  # onto what the full build left
    assert built == [(31, False), (32, True)]
    daily(place)  # that has 32 days now: anew
    assert built[2:] == [(31, False), (32, False)]


def test_the_server_of_a_warm_load_is_ended_also_when_a_build_fails(monkeypatch, tmp_path):
    place = Place(tmp_path, EVENTS, "abc", tmp_path / "work" / "warm")
    ran = []

    def shopstream(place, *command, **_environment):
        ran.append((*command, len(list((place.folder / "landing").glob("*.parquet")))))
        if command[0] == "build" and fails:
            raise ContenderFailed("see its log")
        return quick(place)

    monkeypatch.setattr(builds, "shopstream", shopstream)
    fails = False
    builds.warm_daily_load(place)
    assert ran[0] == ("server", "start", 0)
    assert ran[1:3] == [("build", "--core", 31), ("build", "--core", 32)]
    fails = True
    with pytest.raises(ContenderFailed):
        builds.warm_daily_load(place)
    assert [command[:2] for command in ran].count(("server", "stop")) == 2


# --- ratios and verdicts ---------------------------------------------------------------------


def test_a_ratio_is_of_one_round_with_median_and_spread():
    runs = [
        run_of(name, seconds, number)
        for number, (ours, theirs) in enumerate([(30, 10), (10, 10), (20, 10)], start=1)
        for name, seconds in [("shopstream_tests", ours), ("duckdb", theirs)]
    ]
    found = figure([*runs, run_of("shopstream_tests", 99, 4)], "full build / DuckDB")
    assert (found["least"], found["median"], found["greatest"]) == (1, 2, 3)
    assert (found["runs"], found["target"], found["verdict"]) == (3, 2.5, "met")


def test_start_of_spark_is_taken_off_spark_only():
    on_spark = "daily load on Spark / DuckDB's full build, start-up excluded"
    runs = [run_of("startup", 10), run_of("daily_spark", 30), run_of("duckdb", 100)]
    assert figure(runs, on_spark)["median"] == 0.2
    assert figure(runs[1:], on_spark) is None
    ours = [run_of("daily_tests", 30), run_of("duckdb", 100)]
    assert figure(ours, "daily load / DuckDB's full build")["median"] == 0.3


def test_the_notebook_s_target_depends_on_the_scale_and_counts_there_only():
    what = "full build / the notebook's five tables (no summary), start-up excluded"
    steps = {"session_summary": 40.0}
    runs = [
        run_of("startup", 10),
        run_of("shopstream_tests", 14),
        run_of("notebook", 110, steps=steps),
    ]
    assert figure(runs, what)["verdict"] == "not met"
    whole = "full build / the notebook's way with its summary, start-up excluded"
    assert figure(runs, whole)["median"] == 14 / 100
    assert figure(runs, what)["median"] == 14 / 60
    smaller = [run | {"events": MONTH} for run in runs]
    assert figure(smaller, what, MONTH)["target"] == 1 / 4
    assert figure(smaller, what, MONTH)["verdict"] == "met"
    tiny = [run | {"events": EVENTS} for run in runs]
    assert figure(tiny, what, EVENTS)["verdict"] == "another scale"


def test_memory_share_of_tests_and_plain_seconds():
    runs = [run_of("shopstream", 75), run_of("shopstream_tests", 100), run_of("nothing_new", 20)]
    assert figure(runs, "peak memory of the full build, GB")["verdict"] == "met"
    assert figure(runs, "tests' share of a full build, %")["median"] == 25
    assert figure(runs, "a run with nothing new, seconds")["median"] == 20


def test_unequal_contenders_are_named_whatever_ran_first():
    runs = [
        run_of("plain", 1, check={"dim_users": "2 rows"}),
        run_of("shopstream", 1, check={"dim_users": "1 rows", "events": "5"}),
        run_of("notebook", 1, check={"events": "5"}, steps={"session_summary": 0.5}),
    ]
    assert results.unequal(runs) == {"plain": ["dim_users"]}
    assert results.compared(runs) == {"plain": ["dim_users"], "notebook": ["events"]}
    assert figure(runs, "full build without tests / plain SQL, start-up excluded") is None
    runs += [run_of("startup", 0.5), run_of("duckdb", 1, check={"dim_users": "1 rows"})]
    judged = figure(runs, "full build without tests / plain SQL, start-up excluded")
    assert judged["verdict"] == "unequal results"
    assert figure(runs, "plain SQL / DuckDB")["verdict"] == "unequal results"


def test_without_the_reference_nothing_is_said_to_be_equal():
    runs = [run_of("duckdb", 1, check={"a": "1"}), run_of("plain", 1, check={"b": "2"})]
    assert results.compared(runs) == {}
    assert figure(runs, "plain SQL / DuckDB")["verdict"] == "not compared"


def test_no_target_is_met_by_other_tables():
    runs = [
        run_of("shopstream_tests", 1, check={"dim_users": "1 rows, a"}),
        run_of("duckdb", 2, check={"dim_users": "2 rows, b"}),
    ]
    assert figure(runs, "full build / DuckDB")["verdict"] == "unequal results"


def test_memory_is_judged_by_its_highest_peak():
    runs = [
        run_of("shopstream_tests", 1, number, peak_bytes=peak * 10**9)
        for number, peak in enumerate([9, 9, 14], start=1)
    ]
    assert figure(runs, "peak memory of the full build, GB")["verdict"] == "not met"


def test_runs_and_figures_become_delta_tables(tmp_path):
    runs = [run_of("shopstream_tests", 20), run_of("duckdb", 10)]
    results.publish(tmp_path, runs)
    results.publish(tmp_path, runs)
    home = tmp_path / f"{tables.SCHEMA}.db"
    assert DeltaTable(home / "bench_runs").to_pyarrow_table().num_rows == 2
    ratios = DeltaTable(home / "bench_ratios").to_pyarrow_table().to_pylist()
    assert {row["what"]: row["median"] for row in ratios}["full build / DuckDB"] == 2


@pytest.mark.parametrize("variants", [1, 2, 3, 4, 5, 6])
def test_each_variant_of_an_experiment_has_each_place_once(variants):
    rounds = [lab.order(variants, turn) for turn in range(variants)]
    for places in zip(*rounds, strict=True):
        assert sorted(places) == list(range(variants))


@pytest.mark.parametrize("variants", [2, 4, 6])
def test_each_variant_of_an_experiment_follows_each_other_one_once(variants):
    rounds = [lab.order(variants, turn) for turn in range(variants)]
    followed = [pair for order in rounds for pair in itertools.pairwise(order)]
    assert sorted(followed) == list(itertools.permutations(range(variants), 2))


def test_costs_of_larger_months_lie_on_the_line_through_two_measured_ones():
    runs = [
        run_of("startup", 10),
        run_of("growth", 60, kept_bytes=1e9, written_bytes=2e9, peak_bytes=2e9),
        run_of(
            "shopstream",
            150,
            kept_bytes=10e9,
            written_bytes=20e9,
            peak_bytes=3e9,
            check={"dim_sessions": "10 rows, ab"},
        ),
    ]
    found = {cost.what: cost.values for cost in larger.costs(runs, "abc", REAL)}
    assert found["events a month"] == (REAL / 10, REAL, 10 * REAL, 100 * REAL)
    expected = (50, 140, 1040, 10_040)
    assert found["seconds of a full build without tests, start-up excluded"] == pytest.approx(
        expected
    )
    assert found["GB kept"] == pytest.approx((1, 10, 100, 1000))
    odds = found["odds that two events share a key"]
    assert odds[1] == pytest.approx(4.87e-5, rel=0.01) and odds[3] == pytest.approx(0.487, rel=0.01)
    assert larger.costs(runs[:2], "abc", REAL) == []


# --- measuring -------------------------------------------------------------------------------


def test_memory_and_bytes_are_those_of_the_whole_tree(tmp_path):
    inner = (
        "import os, time; held = b'x' * 200_000_000\n"
        f"with open({str(tmp_path / 'file')!r}, 'wb') as f: f.write(held[:50_000_000])\n"
        "time.sleep(1)"
    )
    outer = "import subprocess, sys, time\n"
    outer += f"subprocess.run([sys.executable, '-c', {inner!r}]); time.sleep(1)"
    ran = measure([sys.executable, "-c", outer], env={}, cwd=tmp_path, log=tmp_path / "log")
    assert ran.code == 0
    assert ran.seconds > 1
    assert ran.peak_bytes > 200_000_000
    # Once: the parent, whose count holds the child's when it has waited for it, lives on.
    assert 50_000_000 <= ran.written_bytes < 60_000_000


def test_what_others_do_meanwhile_is_told(tmp_path):
    spin = [sys.executable, "-c", "while True: pass"]
    other = subprocess.Popen(spin)
    try:
        ran = measure(["sleep", "1.5"], env={}, cwd=tmp_path, log=tmp_path / "log")
    finally:
        other.kill()
        other.wait()
    assert 0.3 / os.cpu_count() < ran.busy_elsewhere <= 1


def test_what_the_command_does_itself_is_not_elsewhere(tmp_path):
    spin = "import subprocess, sys\n"
    spin += "each = [sys.executable, '-c', 'import time\\nwhile time.process_time() < 1.5: pass']\n"
    spin += f"for one in [subprocess.Popen(each) for _ in range({2 * os.cpu_count()})]: one.wait()"
    ran = measure([sys.executable, "-c", spin], env={}, cwd=tmp_path, log=tmp_path / "log")
    # What is elsewhere is the rest of the machine: this command used its cores for 1.5 s each.
    own = 2 * os.cpu_count() * 1.5 / (ran.seconds * os.cpu_count())
    assert ran.code == 0 and ran.busy_elsewhere <= 1 - own + 0.1


def test_a_command_ends_with_the_bench_that_was_interrupted(tmp_path, monkeypatch):
    def interrupted(seen):
        if (tmp_path / "started").exists():
            raise KeyboardInterrupt
        return 0

    monkeypatch.setattr(measured.Tree, "look", interrupted)
    inner = f"import pathlib, time; pathlib.Path({str(tmp_path / 'started')!r}).touch()\n"
    inner += f"time.sleep(3); pathlib.Path({str(tmp_path / 'ended')!r}).touch()"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
    with pytest.raises(KeyboardInterrupt):
        measure([sys.executable, "-c", outer], env={}, cwd=tmp_path, log=tmp_path / "log")
    time.sleep(3.5)
    assert not (tmp_path / "ended").exists()


def test_a_command_that_fails_says_where_its_output_is(tmp_path):
    place = Place(tmp_path, EVENTS, "abc", tmp_path / "work" / "none")
    with pytest.raises(ContenderFailed, match="none.log"):
        place.run("-c", "raise SystemExit(3)")


def test_input_of_another_generator_is_made_anew(tmp_path):
    folder = make_input(tmp_path, EVENTS, 2)
    before = (folder / "_complete").stat().st_mtime_ns
    assert make_input(tmp_path, EVENTS, 2) == folder
    assert (folder / "_complete").stat().st_mtime_ns == before
    (folder / "_complete").write_text("another generator")
    (folder / "events_2019-10-01.parquet").write_bytes(b"")
    make_input(tmp_path, EVENTS, 2)
    assert duckdb.read_parquet(str(folder / "*.parquet")).limit(1).fetchall()


def test_a_daily_load_with_other_tables_than_duckdb_s_fails(tmp_path):
    place = Place(tmp_path, EVENTS, "abc", tmp_path / "work" / "shopstream")
    held = contenders.as_duckdb_has_them(2)
    source = make_input(tmp_path, EVENTS, 2)
    for name, table in oracle.core_marts(source).items():
        if name in check.COLUMNS:
            write_deltalake(place.folder / contenders.CORE / name, table)
    assert list(held(place)) == [contenders.SAME]
    DeltaTable(place.folder / contenders.CORE / "dim_users").delete("total_events = 1")
    with pytest.raises(ContenderFailed, match="than DuckDB's: dim_users$"):
        held(place)


def test_the_month_and_the_day_after_are_the_same_files(tmp_path):
    month = make_input(tmp_path, EVENTS, DAYS)
    longer = make_input(tmp_path, EVENTS, DAYS + 1)
    days = sorted(file.name for file in month.glob("*.parquet"))
    assert len(days) == 31 and len(list(longer.glob("*.parquet"))) == 32
    assert all((month / day).samefile(longer / day) for day in days)


# --- the lab's verdicts ----------------------------------------------------------------------


def row_of(variant: str, *seconds: float, answer: str = "1:A", **more) -> dict:
    """One measured variant; of one figure, five runs."""
    runs = list(seconds) if len(seconds) > 1 else [*seconds] * 5
    row = {"experiment": "e", "variant": variant, "is_off": variant == "off", "data": "d"}
    times = {"median_seconds": results.median(runs), "seconds": runs, "runs": len(runs)}
    times |= {"min_seconds": min(runs), "max_seconds": max(runs)}
    return row | times | {"aqe": True, "result_hash": answer} | more


@pytest.mark.parametrize(
    "seconds, answer, verdict",
    [
        (1.0, "1:A", "helps"),
        (1.8, "1:A", "helps"),
        (1.9, "1:A", "no difference"),
        (2.15, "1:A", "no difference"),
        (2.3, "1:A", "hurts"),
        (1.0, "1:B", "wrong answer"),
    ],
)
def test_a_verdict_needs_ten_percent_and_the_same_answer(seconds, answer, verdict):
    rows = lab.judged([row_of("off", 2.0), row_of("on", seconds, answer=answer)])
    assert [row["verdict"] for row in rows] == ["off", verdict]
    assert rows[1]["speed_up"] == round(2.0 / seconds, 3)


@pytest.mark.parametrize(
    ("on", "verdict"),
    [
        ([1.0, 1.0, 1.0, 1.0, 9.0], "helps"),  # one slow run is no noise, however many there are
        ([1.0, 1.0, 1.0, 2.5, 2.5], "too noisy"),
        ([1.0, 1.0, 1.0, 1.0], "too few runs"),
    ],
)
def test_a_verdict_needs_five_runs_and_rounds_that_agree(on, verdict):
    rows = lab.judged([row_of("off", 2.0), row_of("on", *on)])
    assert rows[1]["verdict"] == verdict


def test_an_experiment_that_was_run_again_counts_once_with_more_runs(tmp_path):
    for runs in (1, 5):
        for variant, seconds in (("off", 2.0), ("on", 1.0)):
            row = row_of(variant, *[seconds] * max(runs, 2)) | {"runs": runs}
            results.append_run(tmp_path / "lab.jsonl", row | {"commit": "a", "events": 1})
    rows, _ = run_lab.judged(tmp_path)
    assert [(row["variant"], row["runs"], row["verdict"]) for row in rows] == [
        ("off", 5, "off"),
        ("on", 5, "helps"),
    ]


def test_a_variant_is_held_against_off_under_its_own_conditions():
    rows = [row_of("off", 2.0), row_of("on", 1.0), row_of("on", 1.0, aqe=False)]
    assert len(lab.judged(rows)) == 2
    rows = lab.judged([*rows, row_of("off", 1.0, aqe=False)])
    assert lab.conditions(rows) == {
        ("e", "on"): "helps: d, adaptive on (2.00x); no difference: d, adaptive off (1.00x)"
    }


def test_the_latest_commit_of_each_experiment_and_scale_is_published_as_such(tmp_path):
    measured = [
        ("new", 1000, "e"),  # commits have no order of their own, lines have
        ("old", 1000, "e"),
        ("new", 1000, "e2"),
        ("new", 9000, "e"),
    ]
    for commit, events, experiment in measured:
        for variant in ("off", "on"):
            row = {**row_of(variant, 1.0), "commit": commit, "events": events}
            results.append_run(tmp_path / "lab.jsonl", row | {"experiment": experiment})
    rows, _ = run_lab.judged(tmp_path)
    found = {(r["commit"], r["events"], r["experiment"]) for r in rows if r["is_latest"]}
    assert found == set(measured[1:])


def test_the_telling_line_of_a_plan_has_no_numbers_and_paths_of_this_run():
    plan = "== Physical Plan ==\n   +- * (5) BroadcastHashJoin Inner [brand#12], [brand#3L]\n"
    assert lab.telling_line([plan], "Join") == "BroadcastHashJoin Inner [brand], [brand]"
    assert lab.telling_line([plan], "Window") == ""


def test_the_telling_line_is_of_the_plan_that_ran():
    plan = """== Physical Plan ==
AdaptiveSparkPlan (9)
+- == Final Plan ==
   * BroadcastHashJoin Inner BuildRight (4)
+- == Initial Plan ==
   SortMergeJoin Inner (8)

(4) BroadcastHashJoin [codegen id : 2]

(8) SortMergeJoin
"""
    assert lab.telling_line([plan], "Join") == "BroadcastHashJoin Inner BuildRight (4)"


def test_technical_kpis_come_from_measured_rows():
    pushdown = "filter pushdown: format and filter"
    rows = [
        row_of(name, 1.0, bytes_read=size) | {"experiment": pushdown, "data": "as generated"}
        for name, size in [
            ("CSV", 1000),
            ("Delta, filter not pushed", 20),
            ("Delta, filter pushed", 15),
        ]
    ]
    by_date = "filter pushdown: one date by partitioning"
    row = row_of("partitioned by date", 1.0, files_read=2)
    rows.append(row | {"experiment": by_date, "data": "as generated"})
    facts = {
        "storage": {"rows of failed writes that readers see": 0},
        "files": {"events_by_day": 40},
    }
    found = run_lab.technical_kpis(rows, facts)
    assert [(kpi["kpi"], kpi["value"]) for kpi in found] == [
        ("bytes saved by the format", 98.0),
        ("bytes saved by the pushed filter", 25.0),
        ("files skipped by partitioning", 95.0),
        ("rows of failed writes that readers see", 0.0),
    ]
    assert found[2]["evidence"] == f"{by_date}: partitioned by date, 2 of 40 files read"


def test_the_docs_have_the_types_of_what_is_measured():
    words = {"int64": "bigint", "bool": "boolean"}
    written = yaml.safe_load((PROJECT / "models/marts/performance/_sources.yml").read_text())
    said = {
        table["name"]: {column["name"]: column["data_type"] for column in table["columns"]}
        for table in written["sources"][0]["tables"]
    }
    held = {
        "bench_runs": results.RUNS,
        "bench_ratios": results.RATIOS,
        "optimizations": lab.OPTIMIZATIONS,
        "technical_kpis": run_lab.KPIS,
    }
    for name, schema in held.items():
        assert said[name] == {
            field.name: words.get(str(field.type), str(field.type)) for field in schema
        }, name
