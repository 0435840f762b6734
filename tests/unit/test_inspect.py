"""What `shopstream inspect` says: what files are, why they can't be read, what they could be.

Rows are judged by the models' own rules on Sail; tests/engine/test_input_kinds.py holds reasons and
counts equal to those of a build.
"""

import bz2
import gzip
import io
import json
import lzma
import re
import sqlite3
import tarfile
from collections import Counter
from pathlib import Path

import pytest
import yaml
import zstandard
from click.testing import CliRunner

from shopstream.intake.columns import EVENT_COLUMNS
from shopstream.intake.landing import land
from shopstream.intake.shapes import head
from shopstream.intake.sources import DEFAULT
from shopstream.people.cli import main
from shopstream.run.inspection import (
    AS_IT_IS,
    DESCRIBED,
    UNREADABLE,
    Report,
    inspect,
    would_build,
    write_descriptions,
)
from shopstream.run.model_rules import judging
from tests.helpers.odd_input import encrypted, parquet, zipped
from tests.helpers.shapes import shapes
from tests.helpers.shop import Shop

HEADER = ",".join(EVENT_COLUMNS) + "\n"
ROWS, DAY = 20, "2019-10-25"


@pytest.fixture(scope="module")
def judge():
    with judging() as judge:
        yield judge


@pytest.fixture
def look(tmp_path, judge):
    """Inspects a file of a landing folder that holds just this; the report."""

    def look(name: str, content: bytes | str) -> Report:
        (report,) = inspect(tmp_path, [put(tmp_path, name, content)], judge)
        return report

    return look


def put(landing: Path, name: str, content: bytes | str) -> Path:
    path = landing / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def row(number: int, **values: str) -> str:
    usual = (f"2019-10-25 10:00:{number:02} UTC", "view", str(number), "7", "a.b", "acme", "10.00")
    usual = dict(zip(EVENT_COLUMNS, (*usual, "501", "s"), strict=True))
    return ",".join({**usual, **values}.values()) + "\n"


def shop(**values: str) -> str:
    return HEADER + "".join(row(number, **values) for number in range(ROWS))


def tar() -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.csv"))
    return sink.getvalue()


def sqlite() -> bytes:
    with sqlite3.connect(":memory:") as db:
        db.execute("create table clicks (a)")
        return db.serialize()


CLICK = {
    "event_time": [f"{DAY} 10:00:00"],
    "event_type": ["view"],
    "product_id": [1],
    "user_id": [2],
}
TYPED = parquet(CLICK)
NESTED = parquet(
    {"event_timestamp": [1572000000000000], "event_name": ["view"], "items": [[{"id": "x"}]]}
)
CAUSES = {
    "empty.csv": (b"", "empty"),
    "blank.csv": (b"\n\n", "not even a header"),
    "page.csv": (b"<!DOCTYPE html>\n<html>log in</html>", "web page.*fetch the file again"),
    "feed.csv": (b"<?xml version='1.0'?><a/>", "XML"),
    "sheet.xlsx": (zipped(**{"[Content_Types].xml": ""}), "Office.*CSV UTF-8"),
    "old.xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "Office"),
    "letter.pdf": (b"%PDF-1.4", "PDF"),
    "shop.db": (sqlite(), "SQLite"),
    "lfs.csv": (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
    "list.json": (b'[{"event_time": 1}]', r"jq -c '\.\[\]'"),
    "one.json": (b'{"events": [{"a": 1}], "n": 1}', r"jq -c '\.events\[\]'"),
    "long.json": (b'{\n  "event_time": 1\n}', "over several lines.*jq -c"),
    "short.csv.gz": (gzip.compress(shop().encode())[:-12], "gzip is cut short.*again, whole"),
    "short.csv.bz2": (bz2.compress(shop().encode())[:-12], "bzip2 is cut short"),
    "short.csv.zst": (zstandard.compress(shop().encode())[:-5], "zstd is cut short"),
    "short.parquet": (TYPED[:-20], "Parquet is cut short"),
    "short.zip": (zipped(**{"a.csv": shop()})[:-30], "zip is cut short"),
    "nothing.zip": (zipped(**{"a.png": "x"}), "no csv, jsonl or parquet"),
    "none.zip": (zipped(), "no csv, jsonl or parquet"),
    "joined.parquet": (TYPED * 2, "joined into one: deliver each by itself"),
    "page.parquet": (TYPED[:60] + b"\xff" * 30 + TYPED[90:], "Parquet is .*damaged.*again, whole"),
    "secret.parquet": (encrypted(CLICK, uniform_encryption=True), "without encryption"),
    "column.parquet": (
        encrypted(CLICK, plaintext_footer=True, column_keys={"c": ["user_id"]}),
        "without encryption",
    ),
    "zeros.parquet": (bytes(4096), "NUL bytes.*again, whole"),
    "quoted.csv": ("".join(f'"{line}"\n' for line in shop().splitlines()), "take the quotes off"),
    "twice.csv.gz": (gzip.compress(gzip.compress(shop().encode())), "unpack it once"),
    "other.csv.xz": (lzma.compress(shop().encode()), "xz: pack it with gzip"),
    "many.tar.gz": (gzip.compress(tar()), "tar archive"),
    "noise.csv": (bytes(range(256)) * 40, "binary data"),
    "wide.csv": (shop().encode("utf-16"), "iconv -f UTF-16"),
    "unmarked.csv": (shop().encode("utf-16-le"), "iconv -f UTF-16"),
    "latin.csv": (shop(brand="caf\xe9").encode("latin-1"), "not UTF-8.*iconv"),
    "said.csv": ("sep=;\n" + shop().replace(",", ";"), "first line, sep=;, is no header: remove"),
    "remark.csv": ("# of today\n" + shop(), "first line, # of today"),
    "twins.csv": (shop().replace("brand", "price", 1), "more than one column is named price"),
    "shop.txt": (gzip.compress(shop().encode()), r"end in \.csv\.gz"),
    "packed.csv": (gzip.compress(shop().encode()), r"end in \.csv\.gz"),
    "days.csv": (shop(event_time="2019-10-25"), "dates without a time of day"),
    "either.csv": (shop(event_time="05/10/2019 10:00"), "whether day or month .* %d/%m/%Y"),
    "comma.csv": (shop(price='"10,00"'), "bad_price.*such as 10,00: .*with a point"),
    "nested.parquet": (NESTED, "lists or objects are in items"),
    "letter.csv": (
        "Dear customer,\nwe are closed.\n",
        "none of its columns is known",
    ),
}


@pytest.mark.parametrize("name", CAUSES)
def test_an_odd_file_has_its_true_cause_named(look, name):
    content, words = CAUSES[name]
    report = look(name, content)
    assert report.verdict == UNREADABLE and not would_build(report)
    assert re.search(words, report.cause), report.cause


def test_a_note_on_prices_shows_one_that_is_no_number(look):
    report = look("a.csv", shop(price="x5") + "".join(row(number) for number in range(ROWS + 1)))
    assert not any("plain numbers" in note for note in report.notes)
    report = look("a.csv", shop(price="x5") + "".join(row(number) for number in range(ROWS)))
    assert any("no plain numbers, such as x5:" in note for note in report.notes)


def test_a_zip_behind_a_program_and_a_long_json_line_are_read(look):
    report = look("a.zip", b"#!/bin/sh\n" + zipped(**{"a.csv": shop()}))
    assert (report.verdict, report.rows) == (AS_IT_IS, ROWS)
    long = dict(zip(EVENT_COLUMNS, row(1).strip().split(","), strict=True)) | {"x": "y" * (2 << 20)}
    assert look("a.jsonl", json.dumps(long)).verdict == AS_IT_IS


def test_rows_of_a_file_that_is_all_broken_are_counted(look):
    report = look("a.csv", shop(user_session="s,"))
    assert (report.rows, report.rows_exact) == (ROWS, True)


def test_what_is_no_file_is_named(tmp_path, judge):
    (tmp_path / "table" / "_delta_log").mkdir(parents=True)
    part = put(tmp_path, "table/part-0.parquet", TYPED)
    reports = inspect(tmp_path, [tmp_path, tmp_path / "gone.csv", part], judge)
    causes = [report.cause for report in reports]
    assert "a folder" in causes[0] and "No such file" in causes[1] and "Delta table" in causes[2]


# --- columns of other names ----------------------------------------------------------------------

MILLISECONDS = 1572000000000  # 2019-10-25 10:40:00
COSMETICS = shop().replace("view", "remove_from_cart", 1)


def table(names: str, *rows: str, delimiter: str = ",") -> str:
    """A text with a header line where it has names; `|` stands between fields."""
    lines = [row.replace("|", delimiter) for row in (*filter(None, [names]), *rows)]
    return "\n".join(lines) + "\n"


def lines(*objects: dict) -> str:
    return "".join(json.dumps(each) + "\n" for each in objects)


RETAILROCKET = table(
    "timestamp|visitorid|event|itemid|transactionid",
    "1572000000000|257597|view|355908|",
    "1572000001000|992329|addtocart|248676|",
    "1572000002000|111016|transaction|318965|4000",
)
CLICKS = table(
    "",
    "1|2019-10-25T10:51:09.277Z|214536502|0",
    "1|2019-10-25T10:54:09.868Z|214536500|S",
    "2|2019-10-25T10:54:46.998Z|214536506|12",
)
BOUGHT = {"customer": "a@b.example", "sku": "A-1", "amount": "9.5"}
OTHER_LOG = lines(
    {"ts": f"{DAY}T12:00:00Z", "action": "Product Viewed", **BOUGHT},
    {"ts": f"{DAY}T12:00:01Z", "action": "Order Completed", **BOUGHT},
)
GERMAN = table(
    "zeit|action|article_id|customer_id",
    "25.10.2019 10:00:00|view|12|7",
    "26.10.2019 11:00:00|addtocart|12|7",
    delimiter=";",
)
ALL_THREE = {"view": 1, "cart": 1, "purchase": 1}
SHAPES = {
    "retailrocket/events.csv": (
        RETAILROCKET,
        "retailrocket",
        {"view": 1, "cart": 1, "purchase": 1},
    ),
    "yoochoose-clicks.csv": (CLICKS, "yoochoose_clicks", {"view": 3}),
    "other.jsonl": (OTHER_LOG, None, {"view": 1, "purchase": 1}),
    "german.csv": (GERMAN, None, {"view": 1, "cart": 1}),
    "tabs.tsv": (shop().replace(",", "\t"), None, {"view": ROWS}),
    "pipes.csv": (shop().replace(",", "|"), None, {"view": ROWS}),
    "bare.csv": (shop().removeprefix(HEADER), None, {"view": ROWS}),
    "mails.csv": (shop(user_id="a@b.example"), None, {"view": ROWS}),
    "shop.txt": (shop(), None, {"view": ROWS}),
    "seconds.csv": (shop(event_time="1572000000.5"), None, {"view": ROWS}),
    "months.csv": (shop(event_time="10/25/2019 1:00 PM"), None, {"view": ROWS}),
    "packed.csv.zst": (
        zstandard.compress(shop(event_time=str(MILLISECONDS)).encode()),
        None,
        {"view": ROWS},
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_the_description_that_is_written_lands_every_row(tmp_path, judge, name):
    content, preset, types = SHAPES[name]
    shop = Shop(tmp_path)
    path = shop.put(name, content)
    (before,) = inspect(shop.landing, [path], judge)
    assert before.verdict == DESCRIBED and not would_build(before), before.cause
    assert before.description.get("preset") == preset
    (written,) = write_descriptions(shop.landing, [before])
    (after,) = inspect(shop.landing, [path], judge)
    assert after.verdict == DESCRIBED and would_build(after) and after.description is None
    assert after.source == f"sources/{written.name}"
    assert (after.usable, after.left_out) == (sum(types.values()), [])
    landed = land(shop.landing, shop.warehouse)
    assert landed.refused == [] and [file.rows_read for file in landed.landed] == [after.usable]
    (copy,) = shop.home.glob("landed_rows/*.parquet")
    assert Counter(judge(copy, DEFAULT)["event_type"].to_pylist()) == types


NINE_COLUMNS = ("rees46", "cosmetics", "electronics")


@pytest.mark.parametrize("shape", shapes(), ids=lambda shape: next(iter(shape.files)))
def test_the_shape_of_each_preset_is_known(tmp_path, judge, shape):
    paths = [put(tmp_path, name, content) for name, content in shape.files.items()]
    before = inspect(tmp_path, paths, judge)
    expected = None if shape.preset in NINE_COLUMNS else {"preset": shape.preset}
    assert [report.description for report in before] == [expected, expected]
    assert len(write_descriptions(tmp_path, before)) == (expected is not None)
    after = inspect(tmp_path, paths, judge)
    assert all(map(would_build, after)) and [report.left_out for report in after] == [[], []]
    assert sum(report.usable for report in after) > 50


def test_rows_of_another_currency_name_the_setting(look):
    (content, *_) = next(s for s in shapes() if s.preset == "shopify_orders").files.values()
    assert not any("store_currency" in note for note in look("usd.csv", content).notes)
    report = look("eur.csv", content.replace(b",USD,", b",EUR,"))
    assert {each["reason"] for each in report.left_out} == {"other_currency"}
    assert any("currency is USD: where yours is another, set" in note for note in report.notes)


@pytest.mark.parametrize("content", [shop(), COSMETICS, gzip.compress(shop().encode()), TYPED])
def test_the_nine_columns_build_as_they_are(look, content):
    ending = "parquet" if content == TYPED else "csv.gz" if isinstance(content, bytes) else "csv"
    report = look(f"a.{ending}", content)
    assert report.verdict == AS_IT_IS and would_build(report) and report.description is None
    assert report.left_out == []


# --- what a build says ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["retailrocket/events.csv", "yoochoose-clicks.csv", "german.csv"])
def test_a_refusal_names_inspect_where_columns_could_be_ours(tmp_path, name):
    shop = Shop(tmp_path)
    shop.put(name, SHAPES[name][0])
    shop.put("it's.csv", SHAPES[name][0] + "\n")
    reasons = {file.source_file: file.reason for file in land(shop.landing, shop.warehouse).refused}
    assert reasons[name].endswith(f": .venv/bin/shopstream inspect {name} --write")
    assert reasons["it's.csv"].endswith(""" inspect 'it'"'"'s.csv' --write""")


@pytest.mark.parametrize("content", ["a,b\n1,2\n", "", shop().replace("user_id", "price", 1)])
def test_a_refusal_does_not_name_inspect_where_it_would_not_help(tmp_path, content):
    shop = Shop(tmp_path)
    shop.put("a.csv", content)
    (refused,) = land(shop.landing, shop.warehouse).refused
    assert "inspect" not in refused.reason


# --- the command ---------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs the command on a landing folder; its exit code and what it printed."""
    (tmp_path / "landing").mkdir()
    for name in ("landing", "warehouse", "logs"):
        monkeypatch.setenv(f"SHOPSTREAM_{name.upper()}", str(tmp_path / name))

    def run(*arguments: str) -> tuple[int, str]:
        ran = CliRunner().invoke(main, ["inspect", *map(str, arguments)])
        assert not ran.exception or isinstance(ran.exception, SystemExit), ran.output
        assert not (tmp_path / "warehouse").exists()
        return ran.exit_code, ran.output

    return run


def test_the_exit_code_says_whether_all_would_build(tmp_path, run):
    good = put(tmp_path / "landing", "good.csv", shop())
    other = put(tmp_path / "landing", "rocket_2019-10-25.csv", RETAILROCKET)
    code, printed = run(good)
    assert code == 0 and "builds as it is: good.csv" in printed and "20 usable" in printed
    code, printed = run("good.csv", other)  # a name below the landing folder, too
    assert code == 3 and "preset: retailrocket" in printed and "inspect --write" in printed
    code, printed = run(other, "--write")
    assert code == 0 and "builds by a description sources/rocket.yml" in printed
    written = tmp_path / "landing" / "sources" / "rocket.yml"
    assert yaml.safe_load(written.read_text()) == {
        "files": ["rocket_*.csv"],
        "preset": "retailrocket",
    }


def test_nothing_is_written_over_a_description(tmp_path, run):
    own = put(tmp_path / "landing", "sources/rocket.yml", 'files: ["b.csv"]\n')
    files = [put(tmp_path / "landing", f"rocket{n}.csv", RETAILROCKET + "\n" * n) for n in (1, 2)]
    assert run(*files, "--write")[0] == 0
    assert own.read_text() == 'files: ["b.csv"]\n'
    (new,) = {*own.parent.iterdir()} - {own}
    assert yaml.safe_load(new.read_text())["files"] == ["rocket1.csv", "rocket2.csv"]


def test_a_description_is_of_no_file_that_was_not_meant(tmp_path, run):
    other = put(tmp_path / "landing", "shop_2019-10-26.csv", RETAILROCKET)
    put(tmp_path / "landing", "shop_2019-10-25.csv", shop())
    assert run(other, "--write")[0] == 0
    assert run(other, "shop_2019-10-25.csv")[0] == 0


def test_a_description_that_does_not_fit_is_named(tmp_path, run):
    put(tmp_path / "landing", "sources/a.yml", "files: a.csv\ncolumns: {user_id: who}\n")
    file = put(tmp_path / "landing", "a.csv", shop())
    code, printed = run(file)
    assert code == 3 and "sources/a.yml" in printed and "missing who (user_id)" in printed
    put(tmp_path / "landing", "sources/a.yml", "files: a.csv\ndelimiter: ''\n")
    assert run(file)[0] == 2


def test_programs_get_json_and_terminals_no_control_characters(tmp_path, run):
    evil = put(
        tmp_path / "landing", "a\x1b[31m.csv", shop(brand="\x1b[31m\u202e").replace("b,", "b\x07,")
    )
    for arguments in ([evil], [evil, "--json"]):
        code, printed = run(*arguments)
        assert code == 0 and not re.search("[\x00-\x09\x0b-\x1f\u202e]", printed)
    (report,) = json.loads(printed)
    assert report["usable"] == ROWS and report["columns"][5]["example"] == "\x1b[31m\u202e"
    assert report["first_time"] == f"{DAY} 10:00:00+00:00"


def test_rows_left_out_have_reason_share_and_example(tmp_path, run):
    text = shop() + row(20, price="ten") + row(1) + row(21, event_time="1999-01-01 00:00:00")
    code, printed = run(put(tmp_path / "landing", "a.csv", text))
    assert code == 0 and "21 usable, of which 1 duplicates; 8.70 % unusable" in printed
    assert re.search(r"bad_price +│ 1 +│ 4.35 % +│ 21 +│ .*ten", printed)
    assert "out_of_window" in printed and 'window_start: "1999-01-01"' in printed


def test_a_long_file_is_judged_by_its_head(look, monkeypatch):
    monkeypatch.setattr(head, "ROWS", 50)
    text = HEADER + "".join(row(number % 60) for number in range(1000))
    report = look("a.csv", text)
    assert (report.rows_read, report.rows_exact) == (50, False)
    assert report.rows == pytest.approx(1000, rel=0.05)
    whole = look(
        "b.jsonl", lines(*[dict(zip(EVENT_COLUMNS, row(1).strip().split(","), strict=True))] * 50)
    )
    assert (whole.rows_read, whole.rows_exact, whole.rows, whole.duplicates) == (50, True, 50, 49)
    longer = look("c.csv.gz", gzip.compress(text.encode()))
    assert longer.rows_read == 50 and not longer.rows_exact


# --- what is decided by values -------------------------------------------------------------------


def test_a_column_of_any_name_is_known_by_its_values(look):
    text = table(
        "moment|what|item|who|amount",
        "1572000000|Add to cart|12|7|1.5",
        "1572000001|view|13|8|2.5",
        delimiter=";",
    )
    report = look("a.csv", text)
    found = {each["ours"]: (each["name"], each["how"]) for each in report.columns}
    assert found["event_time"] == ("moment", "by its values")
    assert found["event_type"] == ("what", "by its values")
    assert found["user_id"] == ("who", "by its values")
    assert report.description["event_types"] == {"add to cart": "cart"}
    assert report.usable == 2 and any("who is taken for user_id" in note for note in report.notes)


def test_ids_are_not_guessed_where_two_columns_could_be(look):
    text = table("time|event|one|two", f"{DAY} 10:00:00|view|1|5", f"{DAY} 10:00:01|cart|2|6")
    report = look("a.csv", text)
    assert report.description is None
    assert re.search("to be product_id; free are one, two.*user_id or user_session", report.cause)


def test_a_type_whose_rows_have_no_product_is_no_view(look):
    rows = ["1572000000|page_view||a"] * 3 + ["1572000000|view_item|S-1|a"]
    report = look("a.csv", table("ts|event|sku|uid", *rows))
    assert report.description["event_types"] == {"view_item": "view"}
    assert [each["becomes"] for each in report.event_types] == ["page_view", "view"]


def test_ids_that_are_texts_are_hashed_and_a_few_broken_numbers_are_not(look):
    skus = "".join(row(number, product_id=f"S-{number}") for number in range(ROWS))
    assert look("a.csv", HEADER + skus).description == {"hashed": ["product_id"]}
    few = look("b.csv", shop() + row(20, product_id="none"))
    assert few.description is None
    assert [each["reason"] for each in few.left_out] == ["bad_product_id"]


def test_a_quantity_by_our_own_name_is_offered_and_not_taken(look):
    head, *rest = shop().splitlines()
    report = look("a.csv", "\n".join([f"{head},quantity", *(f"{line},2" for line in rest), ""]))
    assert report.verdict == AS_IT_IS
    assert report.description == {"columns": {"quantity": "quantity"}}
