"""Files of which no row could be used are named, with reasons and an example."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from shopstream.config import Settings
from shopstream.intake import committer, register
from shopstream.intake.unused import lost_files
from shopstream.run import build
from shopstream.run.memory import Peak

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def file(key: int, name: str, rows: int) -> register.LandedFile:
    return register.LandedFile(key, f"sha{key}", name, "csv", 1, rows, None, 1, 1, NOW)


FILES = [
    file(1, "good.csv", 2),
    file(2, "header.csv", 0),
    file(3, "bad.csv", 3),
    file(4, "old.csv", 2),
    file(5, "erased.csv", 1),
]
REFUSED = register.RefusedFile("no.csv", None, "empty", NOW)


def landed(files=FILES, refused=()) -> committer.LandingResult:
    return committer.LandingResult(1, files, list(refused), [], [], [], [])


@pytest.fixture
def warehouse(tmp_path):
    """The tables of a build of FILES, and of an older file that no row came of either."""
    columns = ["file_sha256", "rows_read", "rows_accepted", "rows_quarantined"]
    columns += ["rows_out_of_window", "rows_erased"]
    ledger = [
        ("sha1", 2, 1, 1, 0, 0),
        ("sha2", 0, 0, 0, 0, 0),
        ("sha3", 3, 0, 3, 0, 0),
        ("sha4", 2, 0, 0, 2, 0),
        ("sha5", 1, 0, 0, 0, 1),
        ("sha6", 1, 0, 1, 0, 0),
    ]
    rows = [pa.array(column) for column in zip(*ledger, strict=True)]
    write_deltalake(tmp_path / "shopstream_quality.db/row_ledger", pa.table(rows, columns))
    day, place = date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)
    long_row = "x\x1b[2J\ny" + "z" * 500
    staged = [
        (day, 1, 1, "in_window", None, None, place),
        (None, 1, 2, "quarantined", "bad_price", "p", place),
        (None, 3, 3, "quarantined", "bad_price", "q", place),
        (None, 3, 2, "quarantined", "bad_event_time", "t", None),
        (None, 3, 1, "quarantined", "bad_event_time", long_row, None),
        (None, 4, 1, "out_of_window", None, None, datetime(1999, 12, 31, 23, 59, tzinfo=UTC)),
        (None, 4, 2, "out_of_window", None, "w", datetime(1998, 1, 1, tzinfo=UTC)),
        (None, 6, 1, "quarantined", "bad_price", "before", place),
    ]
    names = ["event_date", "file_key", "row_number", "fate", "reason", "delivered_row"]
    table = pa.table([pa.array(c) for c in zip(*staged, strict=True)], names=[*names, "event_time"])
    write_deltalake(tmp_path / "shopstream_staging.db/stg_rows", table)
    return tmp_path


def test_a_file_without_a_usable_row_is_named_with_reasons_and_an_example(
    warehouse, capsys, caplog
):
    bad, old = lost_files(warehouse, landed())
    reason, other = bad.split("; ")
    start = "bad.csv: no row of 3 could be used: 2 bad_event_time, such as row 1: x\\x1b[2J\\nyzz"
    assert reason.startswith(start) and reason.endswith("zz ...") and len(reason) < 300
    assert other == "1 bad_price, such as row 3: q"
    assert old == (
        "old.csv: no row of 2 could be used: 2 out_of_window (1998-01-01 to 1999-12-31), "
        "such as row 1: 1999-12-31 23:59:00+00"
    )
    assert capsys.readouterr().out == f"  unused: {bad}\n  unused: {old}\n"
    assert [record.getMessage() for record in caplog.records] == [bad, old]


def test_refused_files_come_first_and_what_was_not_built_is_not_judged(warehouse, tmp_path):
    assert lost_files(warehouse, landed([FILES[0]], [REFUSED])) == ["no.csv: empty"]
    assert lost_files(tmp_path / "none", landed(refused=[REFUSED])) == ["no.csv: empty"]


@pytest.mark.parametrize(("files", "code"), [(FILES, 3), (FILES[:2], 0)])
def test_the_build_is_published_ends_with_3_and_tells_the_hook(warehouse, monkeypatch, files, code):
    announced, published = [], []
    monkeypatch.setenv("SHOPSTREAM_HOOK", "true")
    monkeypatch.setattr(build, "run_dbt", lambda *_, **__: True)
    monkeypatch.setattr(build, "note_build", lambda *_, **__: None)
    monkeypatch.setattr(build, "inputs", lambda *_: {})
    new = {"build_id": 1, "tables": {}}
    monkeypatch.setattr(build, "publish", lambda *_: published.append(True) or new)
    monkeypatch.setattr(build.BuildRun, "report", lambda *_, **__: None)
    monkeypatch.setattr(build.hook, "announce", lambda *words: announced.append(words))
    monkeypatch.setattr(build.hook, "new_anomalies", lambda _: [])
    settings = Settings(*[warehouse] * 5)
    work = build.BuildRun(settings, Peak(warehouse), 0)
    assert work.finish(landed(files)) == code
    assert published == [True]
    assert [event for event, _ in announced] == ["refused"] * (code == 3)
    assert all("bad.csv: no row" in words and "; old.csv: " in words for _, words in announced)
