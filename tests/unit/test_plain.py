"""What a sender puts into names and values neither steers a terminal nor forges a line."""

import json
import logging
import os
import pty
import subprocess
import sys
import zipfile

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from shopstream.people.summary import print_landing
from shopstream.plain import PlainFormatter, plain, plain_json, plain_lines
from shopstream.run.results import in_a_line
from shopstream.warehouse.publishing import publish
from tests.helpers.shop import HEADER, LINE

EVIL = "\x1b[2J\r\nINFO:root:all is well\x9b5m\u202e"
SHOWN = r"\x1b[2J\r\nINFO:root:all is well\x9b5m\u202e"


def test_plain_text_keeps_letters_of_all_scripts():
    assert plain(EVIL) == SHOWN
    kept = "caf\u00e9 \u05d0 \U0001f600 a\\b"
    assert plain(kept) == plain_lines(kept) == kept
    red = "\x1b[31mred\x1b[0m\n\t"
    assert plain_lines(f"{red}{EVIL[:4]}\r\n") == red + "\\x1b[2J\\r\n"
    value = {"a": EVIL + "\x7f"}
    shown = plain_json(json.dumps(value, ensure_ascii=False, indent=1))
    assert json.loads(shown) == value and plain(shown.replace("\n", "")) == shown.replace("\n", "")


def test_names_reasons_and_notes_are_plain(shop, capsys):
    shop.put(f"{EVIL}.csv", f"{HEADER},{EVIL.splitlines()[0]}\n{LINE},x\n")
    shop.put("refused.csv", '"a\x1b]0;x\x07","b\nc"\n')
    with zipfile.ZipFile(shop.landing / "a.zip", "w") as archive:
        archive.writestr("m\x1b[1m\n.csv", f"{HEADER}\n")
    result = shop.land()
    assert [file.source_file for file in result.landed] == [f"{SHOWN}.csv", r"a.zip/m\x1b[1m\n.csv"]
    assert result.landed[0].notes == r"extra columns, ignored: \x1b[2J"
    (refused,) = result.refused
    assert r"a\x1b]0;x\x07, b\nc" in refused.reason
    print_landing(result)
    printed = capsys.readouterr().out
    assert plain(printed.replace("\n", "")) == printed.replace("\n", "")
    assert shop.land().known_refused == [refused]


def test_an_entry_of_the_log_begins_no_second_line(tmp_path):
    log = logging.getLogger("of this test")
    handler = logging.FileHandler(tmp_path / "log")
    handler.setFormatter(PlainFormatter(logging.BASIC_FORMAT))
    log.addHandler(handler)
    try:
        raise ValueError(EVIL)
    except ValueError:
        log.exception("%s", EVIL)
    handler.close()
    lines = (tmp_path / "log").read_bytes().decode().removesuffix("\n").split("\n")
    assert lines[0] == r"ERROR:of this test:\x1b[2J\r"
    assert len(lines) > 3 and all(line.startswith("    ") for line in lines[1:])
    assert all(plain(line) == line for line in lines)


def test_the_log_of_the_command_line_is_plain(tmp_path):
    landing = tmp_path / EVIL
    ran = subprocess.run(
        [sys.executable, "-m", "shopstream", "land"],
        env={
            **os.environ,
            "SHOPSTREAM_LANDING": str(landing),
            "SHOPSTREAM_WAREHOUSE": str(tmp_path / "warehouse"),
            "SHOPSTREAM_LOGS": str(tmp_path / "logs"),
        },
        capture_output=True,
    )
    assert ran.returncode == 2
    said = ran.stderr.decode()
    assert said.startswith("shopstream: SHOPSTREAM_LANDING is ") and r"\x1b[2J" in said
    log = (tmp_path / "logs" / "shopstream.log").read_bytes().decode()
    for text in (said, log):
        assert all(plain(line) == line for line in text.split("\n"))
    assert not any(line.startswith("INFO:root") for line in log.split("\n"))


def test_what_dbt_says_of_a_failure_is_plain():
    assert (
        in_a_line("Database Error in model x (x.sql)\n  bad value \x1b[2J\x9b")
        == r"bad value \x1b[2J\x9b"
    )


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_values_of_a_query_reach_a_terminal_plain_and_a_file_as_they_are(tmp_path, form):
    folder = tmp_path / "shopstream_core.db" / "one"
    write_deltalake(folder, pa.table({"v": [EVIL]}))
    publish(tmp_path)
    command = (
        "from pathlib import Path; from shopstream.people.query import show; "
        f"show(Path({str(tmp_path)!r}), 'select v from one', {form!r})"
    )
    ours, theirs = pty.openpty()
    subprocess.run([sys.executable, "-c", command], stdout=theirs, check=True)
    os.close(theirs)
    said = os.read(ours, 100_000).decode()
    os.close(ours)
    assert "\x9b" not in said and "\u202e" not in said and "\x1b[2J" not in said
    assert "INFO:root" in said and not any(line.startswith("INFO") for line in said.split("\n"))
    if form == "csv":
        ran = subprocess.run([sys.executable, "-c", command], stdout=subprocess.PIPE, check=True)
        assert EVIL in ran.stdout.decode()
