"""When tables are made anew, and when not: by what made them."""

import shutil
import zipfile
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from shopstream.config import PROJECT, Settings
from shopstream.errors import BuildError, LandingError
from shopstream.intake import landing
from shopstream.run import build
from shopstream.warehouse import fingerprint, written

RAN = list[tuple[list[str], dict]]


@pytest.fixture
def settings(tmp_path, monkeypatch) -> Settings:
    """A warehouse of its own, and a copy of all that decides rows."""
    project = tmp_path / "project"
    for name in ["models", "macros", "seeds", "packages"]:
        shutil.copytree(PROJECT / name, project / name)
    shutil.copy(PROJECT / "dbt_project.yml", project)
    monkeypatch.setattr(fingerprint, "PROJECT", project)
    (tmp_path / "landing").mkdir()
    line = "2019-10-01 10:00:00,view,1,1"
    (tmp_path / "landing/a.csv").write_text(f"event_time,event_type,product_id,user_id\n{line}\n")
    folders = ("landing", "warehouse", "sample", "logs", "target")
    return Settings(*(tmp_path / name for name in folders))


@pytest.fixture
def ran(monkeypatch, settings) -> RAN:
    """What dbt was asked for; it passes, and makes the folder that it would make."""
    asked: RAN = []

    def run_dbt(settings, options, variables, *, with_tests):
        asked.append((list(options), variables))
        (settings.warehouse / "shopstream_staging.db").mkdir(exist_ok=True)
        return True

    monkeypatch.setattr(build, "run_dbt", run_dbt)
    monkeypatch.setattr(build.BuildRun, "report", lambda *_, **__: None)
    return asked


def change(settings: Settings, name: str, text: str, new: str) -> None:
    file = fingerprint.PROJECT / name
    assert text in file.read_text()
    file.write_text(file.read_text().replace(text, new))


def run(settings: Settings, **options) -> None:
    # Without tests nothing is published, which would need tables.
    assert build.build(settings, with_tests=False, **options) == 0


@pytest.mark.parametrize(
    ("name", "text", "new"),
    [
        ("seeds/user_segments.csv", "Power", "Strong"),
        ("models/marts/core/dim_users.sql", "count(session_key)", "count(1)"),
        ("dbt_project.yml", "session_timeout_minutes: null", "session_timeout_minutes: 30"),
    ],
)
def test_other_code_makes_all_tables_anew_once(settings, ran, name, text, new):
    run(settings)
    change(settings, name, text, new)
    run(settings)
    run(settings)
    assert [options for options, _ in ran] == [[], ["--full-refresh"], []]


def test_a_rule_of_dates_waits_for_a_backfill_and_a_description_for_nothing(settings, ran):
    run(settings)
    change(settings, "dbt_project.yml", "max_price: 10000", "max_price: 500")
    change(settings, "models/marts/core/dim_users.yml", "user", "person")
    run(settings)
    assert [options for options, _ in ran] == [[], []]


def test_a_refresh_without_the_business_marts_is_still_owed_to_them(settings, ran):
    run(settings)
    change(settings, "seeds/user_segments.csv", "Power", "Strong")
    run(settings, only_core=True)
    run(settings)
    assert all("--full-refresh" in options for options, _ in ran[1:])
    run(settings, full_refresh=True, only_core=True)
    run(settings)
    assert ran[-1] == (["--full-refresh"], {}), "the files need not be read once more"


def test_a_full_refresh_that_was_cut_short_is_made_again(settings, ran, monkeypatch):
    run(settings)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(landing, "_write_table", killed)
        build.build(settings, full_refresh=True)
    with pytest.raises(BuildError, match="read anew; run first: make build"):
        build.backfill(settings, None, None)
    run(settings)
    assert ran[-1] == (["--full-refresh"], {"rebuild_staging": True})
    run(settings)
    assert ran[-1] == ([], {})


def test_tables_half_made_by_a_change_that_is_taken_back_are_made_anew(settings, ran, monkeypatch):
    run(settings)
    rule, other = "session_timeout_minutes: null", "session_timeout_minutes: 30"

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(build, "run_dbt", killed)
        change(settings, "dbt_project.yml", rule, other)
        run(settings)
    change(settings, "dbt_project.yml", other, rule)
    run(settings)
    run(settings)
    assert [options for options, _ in ran] == [[], ["--full-refresh"], []]


def test_tables_that_something_older_made_are_made_anew(settings, ran):
    Path(settings.warehouse / "shopstream_staging.db").mkdir(parents=True)
    run(settings)
    assert ran == [(["--full-refresh"], {})]


def test_a_backfill_names_its_dates_and_comes_behind_what_was_landed(settings, ran, monkeypatch):
    run(settings)
    for layer, name in (("staging", "stg_rows"), ("intermediate", "int_file_days")):
        rows = pa.table({"event_date": [date(2019, 10, 1)], "file_key": [1], "load_id": [1]})
        folder = settings.warehouse / f"shopstream_{layer}.db" / name
        write_deltalake(folder, rows, partition_by=["event_date"])
    (settings.warehouse / written.FILE).unlink()  # as if shopstream had written them
    monkeypatch.setattr(
        build.BuildRun, "finish", lambda self, landed, var: ran.append(([], var)) or 0
    )
    first = []  # what dbt is asked for before the backfill gets its number
    monkeypatch.setattr(build, "warm_dbt", lambda *words: first.append(words[1:]) or 0)
    assert build.backfill(settings, None, None) == 0
    var = {"first_date": None, "last_date": None, "load_id": 2}
    assert ran[-1] == ([], {"backfill": var}) and not first

    line = "2019-10-01 11:00:00,view,1,1"
    (settings.landing / "b.csv").write_text(f"event_time,event_type,product_id,user_id\n{line}\n")
    landing.land(settings.landing, settings.warehouse)
    assert build.backfill(settings, None, None) == 0
    assert first == [("run", "--select", "+stg_rows")]
    assert ran[-1] == ([], {"backfill": {**var, "load_id": 4}})


@pytest.mark.parametrize("change_of_file", ["gone", "other"])
def test_a_full_refresh_never_loses_a_file_that_is_gone(settings, ran, change_of_file):
    run(settings)
    file = settings.landing / "a.csv"
    delivered = file.read_text()
    file.write_text(
        delivered.replace("view", "cart")
    ) if change_of_file == "other" else file.unlink()
    with pytest.raises(LandingError, match=r"lose rows.*: a\.csv \(1 in all\)"):
        build.build(settings, full_refresh=True)
    assert len(ran) == 1
    # Delivered again, it has another time and name, but the same bytes.
    file.with_name("b.csv").write_text(delivered)
    run(settings, full_refresh=True)
    assert ran[-1] == (["--full-refresh"], {"rebuild_staging": True})


def test_a_full_refresh_goes_on_without_a_file_where_it_is_told_to(settings, ran):
    run(settings)
    (settings.landing / "a.csv").unlink()
    run(settings, full_refresh=True, drop_missing=True)
    assert landing.landed_files(settings.warehouse) == []


def test_a_zip_of_the_same_size_with_other_rows_is_not_what_was_delivered(settings, ran):
    def deliver(event: str) -> None:
        with zipfile.ZipFile(settings.landing / "z.zip", "w") as archive:
            rows = f"event_time,event_type,product_id,user_id\n2019-10-01 10:00:00,{event},2,2\n"
            archive.writestr("z.csv", rows)

    deliver("view")
    run(settings)
    deliver("cart")
    with pytest.raises(LandingError, match=r"z\.zip/z\.csv \(1 in all\)"):
        build.build(settings, full_refresh=True)


def test_a_full_refresh_does_not_miss_a_file_that_was_withdrawn(settings, ran):
    run(settings)
    [file] = landing.landed_files(settings.warehouse)
    landing.withdraw(settings.warehouse, {file.file_sha256})
    (settings.landing / "a.csv").unlink()
    run(settings, full_refresh=True)
    assert ran[-1] == (["--full-refresh"], {"rebuild_staging": True})
