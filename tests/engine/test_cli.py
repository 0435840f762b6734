"""The command line as users meet it: queries, refusals, failures, locks, analyses."""

import fcntl
import json
import re
import shutil
import subprocess
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner
from deltalake import write_deltalake

from shopstream.people.cli import main
from shopstream.warehouse.publishing import publish
from tests.helpers.warehouse import BIN, PROJECT, Warehouse

HEADER = (
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"
)
LINE = "2019-10-01 00:00:00 UTC,purchase,1,2,electronics.smartphone,apple,10.00,7,s1"


def published(warehouse: Warehouse) -> dict:
    return json.loads((warehouse.root / "warehouse" / "published.json").read_text())


def test_query_gives_table_csv_and_json(daily):
    sql = "select count(*) as events from fct_events"
    events = daily.table("fct_events").num_rows
    assert str(events) in daily.run("shopstream", "query", sql).stdout
    assert daily.run("shopstream", "query", sql, "--format", "csv").stdout == f"events\n{events}\n"
    answer = daily.run("shopstream", "query", sql, "--format", "json").stdout
    assert json.loads(answer) == [{"events": events}]


def test_query_knows_tables_by_schema_too(daily):
    sql = "select count(*) as users from shopstream_core.dim_users"
    answer = daily.run("shopstream", "query", sql, "--format", "json")
    assert json.loads(answer.stdout) == [{"users": daily.table("dim_users").num_rows}]


def test_csv_keeps_money_exact(daily):
    ran = daily.run("shopstream", "query", "select 1.10 as price, null as none", "--format", "csv")
    assert ran.stdout == "price,none\n1.10,\n"


def test_show_tables_lists_what_is_published(daily):
    answer = daily.run("shopstream", "query", "show tables", "--format", "json")
    names = [name.split(".")[1] for name in published(daily)["tables"]]
    assert [row["name"] for row in json.loads(answer.stdout)] == sorted(names)


@pytest.mark.parametrize(
    "sql", ["select from", "select * from no_such_table", "from '/etc/passwd'"]
)
def test_a_query_that_fails_says_why_in_one_line(daily, sql):
    ran = daily.run("shopstream", "query", sql)
    assert ran.returncode == 2
    assert ran.stdout.startswith("shopstream: ")
    assert "Traceback" not in ran.stdout


def test_a_query_of_a_table_that_is_not_there_names_those_that_are(daily):
    ran = daily.run("shopstream", "query", "from users")
    assert "Table with name users does not exist" in ran.stdout
    assert "dim_users, event_dates, fct_events" in ran.stdout


def test_query_before_any_build_says_what_to_run(tmp_path):
    ran = Warehouse(tmp_path).run("shopstream", "query", "select 1")
    assert ran.returncode == 2
    assert "make build" in ran.stdout


def test_the_analyses_compile_and_run(daily):
    assert daily.run("dbt", "compile", "--select", "resource_type:analysis").returncode == 0
    compiled = sorted((daily.root / "target" / "compiled").glob("**/analyses/*.sql"))
    assert len(compiled) == len(list((PROJECT / "analyses").glob("*.sql")))
    for file in compiled:
        ran = daily.run("shopstream", "query", "-", "--format", "json", stdin=file.read_text())
        assert ran.returncode == 0 and json.loads(ran.stdout), ran.stdout


def test_a_second_build_is_refused_while_one_runs(tmp_path):
    warehouse = Warehouse(tmp_path)
    (tmp_path / "warehouse").mkdir()
    with (tmp_path / "warehouse" / ".build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("process 1 since then")
        lock.flush()
        hook = f'echo "$SHOPSTREAM_EVENT $SHOPSTREAM_MESSAGE" > {tmp_path}/heard'
        ran = warehouse.run("shopstream", "build", SHOPSTREAM_HOOK=hook)
    assert ran.returncode == 2 and "process 1 since then" in ran.stdout
    heard = (tmp_path / "heard").read_text()
    assert heard.startswith("failed another build holds") and "process 1 since then" in heard


def test_a_broken_rule_and_a_refused_file_are_told_and_the_next_build_goes_on(tmp_path):
    warehouse = Warehouse(tmp_path)
    warehouse.landing.mkdir()
    out_of_window = warehouse.landing / "later.csv"
    out_of_window.write_text(f"{HEADER}\n{LINE.replace('2019', '2131')}\n")
    printed = warehouse.build("--core", expect=1)
    assert "some_landed_row_is_accepted" in printed
    assert "set window_start and window_end in dbt_project.yml" in printed
    assert "later.csv: no row of 1 could be used: 1 out_of_window (2131-10-01 to 2131-" in printed
    sql = "select * from some_landed_row_is_accepted"
    kept = warehouse.run("shopstream", "query", sql, "--format", "csv").stdout
    assert kept == "rows_read\n1\n"
    assert not (tmp_path / "warehouse" / "published.json").exists()
    assert warehouse.table("row_ledger")["rows_out_of_window"].to_pylist() == [1]

    shutil.copy(out_of_window, warehouse.landing / "again.csv")
    (warehouse.landing / "good.csv").write_text(f"{HEADER}\n{LINE}\n")
    (warehouse.landing / "bad.csv").write_text("a;b\n1;2\n")
    # All marts this time, of one event: nothing divides by zero.
    printed = warehouse.build(expect=3)
    assert "refused: bad.csv: missing event_time" in printed
    assert "Exit code 3: a file was refused" in printed
    assert "shopstream_core.fct_events" in published(warehouse)["tables"]
    assert warehouse.table("fct_events").num_rows == 1
    assert warehouse.table("refused_files")["source_file"].to_pylist() == ["bad.csv"]
    ledger = warehouse.table("row_ledger")["source_file"].to_pylist()
    assert sorted(ledger) == ["again.csv", "good.csv"]

    once_more = warehouse.run("shopstream", "land")
    assert once_more.returncode == 0 and "still refused, as before: bad.csv" in once_more.stdout


def test_a_landing_path_that_is_a_file_is_refused(tmp_path):
    file = tmp_path / "delivery.csv"
    file.write_text(f"{HEADER}\n{LINE}\n")
    ran = Warehouse(tmp_path).run("shopstream", "build", SHOPSTREAM_LANDING=str(file))
    assert ran.returncode == 2 and "delivery.csv is a file; make it a folder" in ran.stdout


@pytest.mark.parametrize(
    ("variable", "value", "wanted"),
    [
        ("SHOPSTREAM_MEMORY", "much", "a size such as 4g"),
        ("SHOPSTREAM_CORES", "0", "a number of cores"),
        ("SHOPSTREAM_TIMEZONE", "Mars/Olympus", "the name of a time zone"),
        ("DBT_TARGET", "embeded", "profiles.yml has sail, embedded, cluster, connect"),
    ],
)
def test_a_wrong_setting_is_refused(tmp_path, variable, value, wanted):
    ran = Warehouse(tmp_path).run("shopstream", "build", **{variable: value})
    assert ran.returncode == 2
    assert ran.stdout.startswith(f"shopstream: {variable} is {value!r}") and wanted in ran.stdout


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ("build --drop-missing", "--drop-missing goes with --full-refresh"),
        ("backfill --from 2019-10-01", "give both --from and --to, or neither"),
        ("backfill --from 2019-10-02 --to 2019-10-01", "--from 2019-10-02 is after --to"),
        ("reload", "give file names, or one of"),
        ("reload a.csv --quarantined", "give file names, or one of"),
        ("reload --quarantined --erase-user 7", "is a command now: shopstream erase ID"),
        ("reload --withdraw a.csv", "is a command now: shopstream withdraw FILE..."),
        ("withdraw", "Missing argument"),
    ],
)
def test_a_command_that_cannot_be_meant_changes_nothing(tmp_path, monkeypatch, command, wanted):
    for name, folder in Warehouse(tmp_path).environment().items():
        monkeypatch.setenv(name, folder)
    ran = CliRunner().invoke(main, command.split())
    assert ran.exit_code == 2 and wanted in ran.output
    assert not (tmp_path / "warehouse").exists()


@pytest.mark.parametrize(("form", "rows"), [("table", 200), ("csv", 201), ("json", 201)])
def test_a_table_on_the_screen_ends_and_a_file_has_all_rows(tmp_path, form, rows):
    warehouse = holding(tmp_path, pa.table({"n": range(1_001, 1_202)}))
    printed = warehouse.run("shopstream", "query", "from one", "--format", form).stdout
    assert len(re.findall(r"\b1[0-2][0-9][0-9]\b", printed)) == rows


def test_landing_by_itself_never_mixes_files_with_the_sample(tmp_path):
    warehouse = Warehouse(tmp_path)
    warehouse.landing.mkdir()
    (tmp_path / "warehouse").mkdir()
    (tmp_path / "warehouse" / ".holds-sample").touch()
    sample_table = tmp_path / "warehouse" / "shopstream_core.db" / "fct_events"
    sample_table.mkdir(parents=True)
    (warehouse.landing / "good.csv").write_text(f"{HEADER}\n{LINE}\n")
    ran = warehouse.run("shopstream", "land")
    assert ran.returncode == 0 and "Landed 1 new file, 1 rows" in ran.stdout
    assert not sample_table.exists()


@pytest.mark.parametrize("option", ["--events", "--days"])
def test_a_sample_of_nothing_is_refused(tmp_path, option):
    ran = Warehouse(tmp_path).run("shopstream", "sample", option, "0")
    assert ran.returncode == 2 and "Traceback" not in ran.stdout


def test_a_query_shows_text_as_it_is(tmp_path):
    texts = ["events[copy].csv", "[red]apple", "[/x]", ":apple:"]
    warehouse = holding(tmp_path, pa.table({"text": texts}))
    shown = warehouse.run("shopstream", "query", 'select text as "[b]" from one').stdout
    assert all(text in shown for text in [*texts, "[b]"])


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("", "there is no statement in it"),
        ("/* nothing */", "there is no statement in it"),
        ("select 1 as a, 2 as a", "names of their own: a is there twice"),
    ],
)
def test_a_query_that_has_no_answer_says_why(tmp_path, sql, words):
    warehouse = holding(tmp_path, pa.table({"n": [1]}))
    ran = warehouse.run("shopstream", "query", sql, "--format", "json")
    assert ran.returncode == 2 and words in ran.stdout and "Traceback" not in ran.stdout


def test_a_query_has_no_number_that_json_has_not_and_ends_with_its_reader(tmp_path):
    warehouse = holding(tmp_path, pa.table({"n": range(99_999)}))
    ran = warehouse.run("shopstream", "query", "select 1 / 0 as a, 2 as b", "--format", "json")
    assert json.loads(ran.stdout) == [{"a": None, "b": 2}]
    piped = f"{BIN / 'shopstream'} query 'from one' --format csv | head -1"
    ran = subprocess.run(
        piped, shell=True, env=warehouse.environment(), capture_output=True, text=True
    )
    assert (ran.stdout, ran.stderr) == ("n\n", "")


@pytest.mark.parametrize(
    "command",
    ["build", "query select+1", "report", "rollback", "maintain", "published", "backfill"],
)
def test_a_command_that_meets_a_damaged_list_of_builds_says_what_to_run(
    tmp_path, monkeypatch, command
):
    warehouse = holding(tmp_path, pa.table({"n": [1]}))
    warehouse.landing.mkdir()
    (warehouse.landing / "good.csv").write_text(f"{HEADER}\n{LINE}\n")
    for name, folder in warehouse.environment().items():
        monkeypatch.setenv(name, folder)
    (tmp_path / "warehouse/published.json").write_text("{")
    words = [word.replace("+", " ") for word in command.split()]
    ran = CliRunner().invoke(main, words)
    assert ran.exit_code == 2
    assert f"shopstream: {tmp_path}/warehouse/published.json is damaged" in ran.output
    assert "published --repair" in ran.output
    assert not (tmp_path / "warehouse/shopstream_landing.db/landed_files").exists()
    ran = CliRunner().invoke(main, ["published", "--repair"])
    assert ran.exit_code == 0 and "<- readers see this one" in ran.output


def holding(root: Path, rows: pa.Table) -> Warehouse:
    """A warehouse of one published table, `one`."""
    write_deltalake(root / "warehouse/shopstream_core.db/one", rows)
    publish(root / "warehouse")
    return Warehouse(root)


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("SHOPSTREAM_DUCKDB_MEMORY", "4096", "a size such as 4GB"),
        ("SHOPSTREAM_LOGS", "/dev/null/logs", "no log can be written"),
        ("SHOPSTREAM_LOGS", "/dev/null", "no log can be written"),
    ],
)
def test_a_setting_that_can_not_be_meant_stops_before_a_file_is_refused(
    tmp_path, variable, value, words
):
    warehouse = Warehouse(tmp_path)
    warehouse.landing.mkdir()
    (warehouse.landing / "good.csv").write_text(f"{HEADER}\n{LINE}\n")
    ran = warehouse.run("shopstream", "land", **{variable: value})
    assert ran.returncode == 2 and "Traceback" not in ran.stdout
    assert ran.stdout.startswith(f"shopstream: {variable} is ") and words in ran.stdout


@pytest.mark.parametrize(
    ("variable", "folder"), [("SHOPSTREAM_SAMPLE", "landing"), ("DBT_TARGET_PATH", ".")]
)
def test_clean_stops_where_it_would_take_the_landing_files_too(tmp_path, variable, folder):
    warehouse = Warehouse(tmp_path)
    warehouse.landing.mkdir()
    (warehouse.landing / "events_2019-10-01.csv").write_text(f"{HEADER}\n{LINE}\n")
    ran = warehouse.run("shopstream", "clean", **{variable: str(tmp_path / folder)})
    assert ran.returncode == 2 and "give it a folder of its own" in ran.stdout
    assert (warehouse.landing / "events_2019-10-01.csv").exists()


def test_clean_leaves_what_others_keep_beside_our_logs_and_sample(tmp_path):
    warehouse = Warehouse(tmp_path)
    others = [tmp_path / "logs/other.log", tmp_path / "sample/mine.csv"]
    ours = [tmp_path / "logs/dbt.log.1", tmp_path / "sample/events_2019-10-01.csv"]
    for file in [*others, *ours]:
        file.parent.mkdir(exist_ok=True)
        file.write_text("x")
    sample = {"SHOPSTREAM_SAMPLE": str(tmp_path / "sample")}
    assert warehouse.run("shopstream", "clean", **sample).returncode == 0
    assert all(file.exists() for file in others) and not any(file.exists() for file in ours)


def test_clean_never_removes_landing_files(tmp_path):
    warehouse = Warehouse(tmp_path)
    warehouse.landing.mkdir()
    (warehouse.landing / "good.csv").write_text(f"{HEADER}\n{LINE}\n")
    (tmp_path / "warehouse" / "shopstream_core.db").mkdir(parents=True)
    (tmp_path / "warehouse" / "notes.txt").write_text("not ours")
    variables = {"SHOPSTREAM_SAMPLE": str(tmp_path / "sample")}
    assert warehouse.run("shopstream", "clean", **variables).returncode == 0
    assert (warehouse.landing / "good.csv").exists()
    assert (tmp_path / "warehouse" / "notes.txt").exists()
    assert not (tmp_path / "warehouse" / "shopstream_core.db").exists()
