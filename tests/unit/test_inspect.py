"""What `shopstream inspect` says: what files are, why they can't be read, what they could be.

Rows are judged by the models' own rules on Sail; tests/engine/test_input_kinds.py holds reasons and
counts equal to those of a build.
"""

import bz2
import gzip
import io
import lzma
import re
import sqlite3
import tarfile
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from shopstream.intake.columns import EVENT_COLUMNS
from shopstream.run.inspection import (
    UNREADABLE,
    Report,
    inspect,
    would_build,
)
from shopstream.run.model_rules import judging

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


def packed(**members: str) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "/"), text)
    return sink.getvalue()


def tar() -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.csv"))
    return sink.getvalue()


def parquet(**columns: list) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def sqlite() -> bytes:
    with sqlite3.connect(":memory:") as db:
        db.execute("create table clicks (a)")
        return db.serialize()


TYPED = parquet(event_time=[f"{DAY} 10:00:00"], event_type=["view"], product_id=[1], user_id=[2])
NESTED = parquet(event_timestamp=[1572000000000000], event_name=["view"], items=[[{"id": "x"}]])
CAUSES = {
    "empty.csv": (b"", "empty"),
    "blank.csv": (b"\n\n", "not even a header"),
    "page.csv": (b"<!DOCTYPE html>\n<html>log in</html>", "web page.*fetch the file again"),
    "feed.csv": (b"<?xml version='1.0'?><a/>", "XML"),
    "sheet.xlsx": (packed(**{"[Content_Types].xml": ""}), "Office.*CSV UTF-8"),
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
    "short.zip": (packed(**{"a.csv": shop()})[:-30], "zip is cut short"),
    "nothing.zip": (packed(**{"a.txt": "x"}), "no csv, jsonl or parquet"),
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
    "shop.txt": (shop(), r"end in \.csv"),
    "packed.csv": (gzip.compress(shop().encode()), r"end in \.csv\.gz"),
    "days.csv": (shop(event_time="2019-10-25"), "dates without a time of day"),
    "either.csv": (shop(event_time="05/10/2019 10:00"), "whether day or month .* %d/%m/%Y"),
    "comma.csv": (shop(price='"10,00"'), "bad_price.*with a point"),
    "nested.parquet": (NESTED, "lists or objects are in items"),
    "letter.csv": ("Dear customer,\nwe are closed.\n", "no column has event types"),
}


@pytest.mark.parametrize("name", CAUSES)
def test_an_odd_file_has_its_true_cause_named(look, name):
    content, words = CAUSES[name]
    report = look(name, content)
    assert report.verdict == UNREADABLE and not would_build(report)
    assert re.search(words, report.cause), report.cause


def test_what_is_no_file_is_named(tmp_path, judge):
    (tmp_path / "table" / "_delta_log").mkdir(parents=True)
    part = put(tmp_path, "table/part-0.parquet", TYPED)
    reports = inspect(tmp_path, [tmp_path, tmp_path / "gone.csv", part], judge)
    causes = [report.cause for report in reports]
    assert "a folder" in causes[0] and "No such file" in causes[1] and "Delta table" in causes[2]
