"""Landing: what becomes of each kind of delivered file, on real files."""

import errno
import gzip
import hashlib
import io
import os
import random
import re
import shutil
import signal
import stat
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from shopstream.errors import LandingError
from shopstream.intake import (
    archives,
    committer,
    corrections,
    csv_text,
    decode,
    duck,
    erased_ids,
    landing,
    reader,
    register,
    small_files,
    work_copy,
)
from shopstream.intake.columns import EVENT_COLUMNS, ROW_COLUMNS
from shopstream.intake.landing import drop_work_copies, land
from shopstream.intake.work_copy import EXACT_TYPES
from shopstream.people.summary import print_landing
from tests.helpers.forgetting import forget
from tests.helpers.shop import HEADER, LINE, ROW, SHORT, Shop, cells, short, shown
from tests.helpers.warehouse import PROJECT


def snapshot(folder: Path) -> dict:
    return {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in folder.rglob("*") if p.is_file()}


# --- layout and register -------------------------------------------------------------------------


def test_work_copy_and_register_have_the_agreed_layout(shop):
    path = shop.put("sub/a.csv", f"{HEADER}\n{LINE}\n")
    before = snapshot(shop.landing)
    result = shop.land()
    (landed,) = result.landed
    sha = hashlib.sha256(path.read_bytes()).hexdigest()
    assert (landed.file_sha256, landed.file_key) == (sha, int(sha[:15], 16))
    assert (landed.source_file, landed.format, landed.rows_read) == ("sub/a.csv", "csv", 1)
    assert (landed.bytes, landed.notes, landed.load_id) == (path.stat().st_size, None, 1)
    assert abs((datetime.now(UTC) - landed.loaded_at).total_seconds()) < 60
    schema = pq.read_schema(shop.home / "landed_rows" / f"{sha}.parquet")
    exact = [name for name in schema.names if name.endswith("_exact")]
    assert {*exact} == {f"{column}_exact" for column in EXACT_TYPES}
    plain = [name for name in schema.names if name not in exact]
    assert plain == ["file_key", "row_number", "bad_row", *ROW_COLUMNS]
    types = [schema.field(name).type for name in plain]
    assert types == [pa.int64()] * 2 + [pa.string()] * 12
    typed = {"event_time_exact": pa.timestamp("us", "UTC"), "price_exact": pa.decimal128(12, 2)}
    assert all(schema.field(name).type == typed.get(name, pa.int64()) for name in exact)
    (row,) = shop.rows(landed)
    assert (row["file_key"], row["row_number"], row["bad_row"]) == (landed.file_key, 1, None)
    assert cells(row) == ROW
    assert shop.table("landed_files") == [vars(landed)]
    assert shop.table("refused_files") == []
    (delivery,) = shop.table("deliveries")
    assert delivery["state"].startswith(f"{path.stat().st_mtime_ns} ")
    assert snapshot(shop.landing) == before
    assert not (shop.home / "extracted").exists()


@pytest.mark.parametrize("name", ["landed_files", "refused_files", "deliveries"])
def test_delta_tables_exist_empty_and_use_plain_features(shop, name):
    assert shop.land().load_id is None
    table = DeltaTable(str(shop.home / name))
    assert shop.table(name) == []
    protocol = table.protocol()
    assert (protocol.min_reader_version, protocol.min_writer_version) == (1, 2)
    types = {f.name: (f.type.type, f.nullable) for f in table.schema().fields}
    nullable = {"landed_files": {"notes", "withdrawn_at", "window_start", "window_end"}}.get(
        name, {"file_sha256"}
    )
    assert {column for column, (_, null) in types.items() if null} == nullable
    assert {kind for kind, _ in types.values()} <= {"long", "string", "timestamp", "date"}


def test_second_run_reads_nothing_and_writes_nothing(shop, monkeypatch):
    shop.put("a.csv", f"{HEADER}\n{LINE}\n")
    shop.put("bad.csv", "x\n")
    first = shop.land()
    versions = [DeltaTable(str(shop.home / t)).version() for t in register.TABLES]
    monkeypatch.setattr(reader, "sha256_of", lambda path: pytest.fail("hashed again"))
    second = shop.land()
    assert (second.load_id, second.landed, second.refused) == (None, [], [])
    assert second.known_refused == first.refused
    assert [DeltaTable(str(shop.home / t)).version() for t in register.TABLES] == versions


def test_each_run_has_one_load_id(shop):
    shop.put("a.csv", f"{HEADER}\n{LINE}\n")
    shop.put("b.csv", f"{HEADER}\n{LINE}\n{LINE}\n")
    assert {f.load_id for f in shop.land().landed} == {1}
    shop.put("c.csv", f"{HEADER}\n")
    result = shop.land()
    assert result.load_id == 2
    assert {r["source_file"]: r["load_id"] for r in shop.table("landed_files")} == {
        "a.csv": 1,
        "b.csv": 1,
        "c.csv": 2,
    }


def test_same_content_counts_once_under_its_smallest_name(shop):
    content = f"{HEADER}\n{LINE}\n"
    for name in ("m.csv", "n.csv"):
        shop.put(name, content)
    landed, _ = shop.only()
    assert landed.source_file == "m.csv"
    shop.put("z.csv", content)
    assert shop.land().renamed == []
    shop.put("b/x.csv", content)
    result = shop.land()
    (renamed,) = result.renamed
    assert (result.load_id, renamed.old_name, renamed.new_name) == (None, "m.csv", "b/x.csv")
    (row,) = shop.table("landed_files")
    assert row == {**vars(landed), "source_file": "b/x.csv"}
    (shop.landing / "b/x.csv").unlink()
    assert shop.land().renamed == []
    assert len(shop.table("deliveries")) == 4


def test_a_replaced_file_is_a_new_content_under_the_old_name(shop):
    shop.put("a.csv", f"{HEADER}\n{LINE}\n")
    shop.land()
    shop.put("a.csv", f"{HEADER}\n{LINE}\n{LINE}\n")
    landed, rows = shop.only()
    assert (landed.load_id, len(rows)) == (2, 2)
    assert [r["source_file"] for r in shop.table("landed_files")] == ["a.csv", "a.csv"]


def test_work_copies_go_and_a_landing_anew_makes_all_again(shop):
    shop.put("a.csv", f"{HEADER}\n{LINE}\n")
    shop.put("b.csv", f"{HEADER}\n")
    assert len(shop.land().landed) == 2
    assert len(list((shop.home / "landed_rows").iterdir())) == 2
    drop_work_copies(shop.warehouse)
    assert list((shop.home / "landed_rows").iterdir()) == []
    assert shop.land().landed == []
    again = shop.land(anew=True)
    assert (again.load_id, len(again.landed)) == (2, 2)
    assert len(list((shop.home / "landed_rows").iterdir())) == 2


# --- which files ---------------------------------------------------------------------------------


def test_finds_events_by_ending_below_the_folder_and_ignores_the_rest(shop):
    text = f"{HEADER}\n{LINE}\n"
    shop.put("A.CSV", text)
    shop.put('d e/it\'s "x" [1]*?.csv.GZ', gzip.compress(text.replace("view", "cart").encode()))
    shop.put_parquet("year=2019.Parquet")
    shop.put_zip("p.ZIP", {"in/b.csv": text.replace("view", "buy")})
    for name in (".hidden.csv", ".git/a.csv", "readme.txt", "a.csv.part", "csv"):
        shop.put(name, "x")
    result = shop.land()
    assert (result.refused, result.skipped_changing) == ([], [])
    assert {f.source_file: f.format for f in result.landed} == {
        "A.CSV": "csv",
        'd e/it\'s "x" [1]*?.csv.GZ': "csv.gz",
        "p.ZIP/in/b.csv": "csv",
        "year=2019.Parquet": "parquet",
    }


def test_ignored_files_are_named_in_the_summary(shop, capsys):
    for name in (".hidden.tsv", "b.txt", "x/a.tsv", "c", "d.gz", "e", "f.csv.part"):
        shop.put(name, "x")
    result = shop.land()
    assert result.ignored == ["b.txt", "c", "d.gz", "e", "f.csv.part", "x/a.tsv"]
    print_landing(result)
    note = "note: 6 files with other endings were ignored: b.txt, c, d.gz, e, f.csv.part, ...\n"
    assert note in capsys.readouterr().out


def test_parquet_under_a_name_that_looks_like_a_pattern_or_a_partition(shop):
    folder = shop.landing / "brand=evil" / "a[1]*'?\" x"
    folder.mkdir(parents=True)
    for name in ("p*.parquet", "p1.parquet"):
        shop.put_parquet(str((folder / name).relative_to(shop.landing)), price=[name])
    result = shop.land()
    assert [r["price"] for f in result.landed for r in shop.rows(f)] == ["p*.parquet", "p1.parquet"]


def test_a_parquet_name_is_never_a_pattern_for_others(shop):
    names = ["day1.parquet", "day[1].parquet", "day*.parquet", "day?.parquet", "da\\y1.parquet"]
    for name in names:
        shop.put_parquet(name, price=[name])
    with open(os.fsencode(shop.landing) + b"/caf\xe9.parquet", "wb") as file:
        file.write((shop.landing / "day1.parquet").read_bytes())
    shop.put_parquet("day1.parquet", price=["day1.parquet"], user_id=["2"])
    rows = {f.source_file: shop.rows(f)[0]["price"] for f in shop.land().landed}
    assert rows == {
        "day[1].parquet": "day[1].parquet",
        "day*.parquet": "day*.parquet",
        "day?.parquet": "day?.parquet",
        "da\\\\y1.parquet": "da\\y1.parquet",
        "day1.parquet": "day1.parquet",
        r"caf\xe9.parquet": "day1.parquet",
    }


def test_a_name_that_is_not_utf8_is_recorded_readably(shop):
    path = os.fsencode(shop.landing) + b"/caf\xe9.csv"
    with open(path, "wb") as file:
        file.write(f"{HEADER}\n".encode())
    landed, _ = shop.only()
    assert landed.source_file == r"caf\xe9.csv"


def test_a_name_that_is_not_utf8_is_told_from_one_with_backslashes(shop):
    with open(os.fsencode(shop.landing) + b"/bad\xff.csv", "wb") as file:
        file.write(f"{HEADER}\n{LINE}\n".encode())
    shop.put(r"bad\xff.csv", f"{HEADER}\n")
    assert {f.source_file: f.rows_read for f in shop.land().landed} == {
        r"bad\xff.csv": 1,
        r"bad\\xff.csv": 0,
    }
    assert shop.land().landed == []


def test_a_name_that_the_terminal_cannot_show_is_printed_escaped(shop, tmp_path):
    shop.put("\U0001f600.csv", "x\n")
    done = subprocess.run(
        [sys.executable, "-m", "shopstream", "land"],
        env={
            **os.environ,
            "PYTHONPATH": str(Path(landing.__file__).parents[2]),
            "PYTHONIOENCODING": "ascii",
            "SHOPSTREAM_LANDING": str(shop.landing),
            "SHOPSTREAM_WAREHOUSE": str(shop.warehouse),
            "SHOPSTREAM_LOGS": str(tmp_path / "logs"),
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 3, done.stderr
    assert r"refused: \U0001f600.csv: missing" in done.stdout


def test_links_folders_and_pipes_named_like_files(shop, tmp_path):
    elsewhere = tmp_path / "elsewhere.data"
    elsewhere.write_text(f"{HEADER}\n{LINE}\n")
    (shop.landing / "link.csv").symlink_to(elsewhere)
    (shop.landing / "broken.csv").symlink_to(tmp_path / "nowhere")
    (shop.landing / "self.csv").symlink_to(shop.landing / "self.csv")
    shop.put("folder.csv/inner.csv", f"{HEADER}\n")
    os.mkfifo(shop.landing / "pipe.csv")
    result = shop.land()
    assert [f.source_file for f in result.landed] == ["link.csv"]
    reasons = {f.source_file: f.reason for f in result.refused}
    assert "link that leads to no file" in reasons.pop("broken.csv")
    assert "link that leads to no file" in reasons.pop("self.csv")
    assert "folder is named like an event file" in reasons.pop("folder.csv")
    assert "neither a file" in reasons.pop("pipe.csv")
    assert reasons == {}
    assert {f.source_file for f in shop.land().known_refused} == {
        "broken.csv",
        "self.csv",
        "folder.csv",
        "pipe.csv",
    }


def test_linked_folders_are_read_once_and_never_the_warehouse(shop, tmp_path):
    shop.put("a.csv", f"{HEADER}\n{LINE}\n")
    store = tmp_path / "store"
    store.mkdir()
    (store / "b.csv").write_text(f"{HEADER}\n")
    (shop.landing / "linked").symlink_to(store)
    (shop.landing / "loop").symlink_to(tmp_path)
    shop.land()
    result = shop.land()
    assert (result.landed, result.refused) == ([], [])
    assert [r["source_file"] for r in shop.table("deliveries")] == ["a.csv", "linked/b.csv"]


def test_landing_folder_that_is_missing_or_entangled_stops_the_run(shop, tmp_path):
    with pytest.raises(LandingError, match=r"nowhere can't be read .*create it"):
        land(tmp_path / "nowhere", shop.warehouse)
    with pytest.raises(LandingError, match="inside each other"):
        land(tmp_path, shop.warehouse)
    shop.land()
    with pytest.raises(LandingError, match="inside each other"):
        land(shop.home / "landed_rows", shop.warehouse)


def test_warehouse_that_cannot_be_written_stops_the_run(shop):
    shop.warehouse.write_text("a file, not a folder")
    with pytest.raises(LandingError, match="can't be written"):
        shop.land()


# --- headers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        "USER_ID, Product_Id ,event_type,EVENT_TIME",
        '"user_id","product_id","event_type","event_time"',
        "\ufeffuser_id,product_id,event_type,event_time",
        "\ufeff\ufeffuser_id,product_id,event_type,event_time",
        "\n\r\nuser_id,product_id,event_type,event_time",
    ],
)
def test_header_in_any_case_order_and_dress(shop, header):
    for ending in ("\n", "\r\n", "\r"):
        forget(shop.warehouse)
        shop.put("a.csv", f"{header}{ending}u,p,e,t{ending}")
        landed, rows = shop.only()
        assert [short(r) for r in rows] == [("t", "e", "p", "u")]
        assert landed.notes == (
            "missing columns, taken as null: category_id, category_code, brand, price, user_session"
        )


def test_extra_columns_are_ignored_with_a_note(shop):
    shop.put("a.csv", f"Note,{HEADER},,x\nn,{LINE},1,2\n")
    landed, rows = shop.only()
    assert landed.notes == "extra columns, ignored: Note, (no name), x"
    assert cells(rows[0]) == ROW


def test_a_note_names_the_first_twenty_of_many_columns(shop):
    extra = ",".join(f"c{number}" for number in range(5000))
    shop.put("a.csv", f"{HEADER},{extra}\n{LINE}{',' * 5000}\n")
    landed, rows = shop.only()
    assert landed.notes.endswith(", c18, c19, and 4,980 more")
    assert cells(rows[0]) == ROW


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\n\n", "empty"),
        (b"event_time,event_type,product_id,uid\n1,2,3,4\n", "missing user_id; found event_time"),
        (b"a;b;c\n1;2;3\n", "delimiter looks like ';'"),
        (b"event_time\tuser_id\n", r"delimiter looks like '\\t'"),
        (LINE.encode() + b"\n", "first row looks like data"),
        (f"{HEADER},PRICE\n{LINE},1\n".encode(), "more than one column is named price"),
        (f"{HEADER}\n{LINE}\n".encode("utf-16"), "iconv -f UTF-16"),
        (f"{HEADER}\n{LINE}\n".encode("utf-16-le"), "NUL bytes.*iconv"),
        (gzip.compress(b"x", mtime=0), "let its name end in .csv.gz"),
        (b"PK\3\4....", "let its name end in .zip"),
        (b"PAR1....", "let its name end in .parquet"),
        (f"{HEADER}\n{LINE}\n".encode("utf-32"), "UTF-32 text.*iconv -f UTF-32"),
        (f"sep=,\n{HEADER}\n".encode(), "first line is no header: remove it"),
        (f"# made by us; today\n{HEADER}\n".encode(), "first line is no header: remove it"),
        (f"sep=;\n{HEADER}\n".encode(), "delimiter looks like ';'"),
        (random.Random(1).randbytes(100).replace(b"\n", b"") + b"\0", "(missing|NUL bytes)"),
    ],
)
def test_csv_that_holds_no_events_is_refused_with_a_remedy(shop, content, reason):
    path = shop.put("a.csv", content)
    assert re.search(reason, shop.reason("a.csv"))
    (row,) = shop.table("refused_files")
    hashed = row["file_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert hashed or not content


def test_header_only_is_landed_with_no_rows(shop):
    shop.put("a.csv", HEADER)
    landed, rows = shop.only()
    assert (landed.rows_read, rows) == (0, [])


# --- rows of csv ---------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_quotes_commas_newlines_emoji_and_blank_lines(shop, ending):
    lines = [
        SHORT,
        '"a,b","say ""hi""",1,2',
        "",
        f'"line{ending}break",x,1,2',
        '5"6,\u05e9\u05dc\u05d5\u05dd \U0001f600,"",',
        'null, "x" ,NaN,\u00a0',
    ]
    shop.put("a.csv", ending.join(lines))
    _, rows = shop.only()
    assert [short(r) for r in rows] == [
        ("a,b", 'say "hi"', "1", "2"),
        (f"line{ending}break", "x", "1", "2"),
        ('5"6', "\u05e9\u05dc\u05d5\u05dd \U0001f600", None, None),
        ("null", ' "x" ', "NaN", "\u00a0"),
    ]
    assert [r["row_number"] for r in rows] == [1, 2, 3, 4]


def test_bad_rows_keep_their_place_and_text(shop):
    shop.put(
        "a.csv",
        SHORT.encode()
        + b"\n1,2,3\n1,2,3,4\n1,2,3,4,\n  \n1,\xff\xed\xa0\x80,3,4\n"
        + b'1,"2"x,3,4\n5,6,7,8\n1,"2\n,3\n9,9,9,9\nx,"y,3,4\n9,9,9,8\n1,2',
    )
    landed, rows = shop.only()
    bad = {r["row_number"]: r["bad_row"] for r in rows if r["bad_row"] is not None}
    assert bad == {
        1: "1,2,3",
        3: "1,2,3,4,",
        4: "  ",
        5: r"1,\xff\xed\xa0\x80,3,4",
        6: '1,"2"x,3,4',
        8: '1,"2',
        9: ",3",
        11: 'x,"y,3,4',
        13: "1,2",
    }
    good = {r["row_number"]: short(r) for r in rows if r["bad_row"] is None}
    assert good == {
        2: ("1", "2", "3", "4"),
        7: ("5", "6", "7", "8"),
        10: ("9", "9", "9", "9"),
        12: ("9", "9", "9", "8"),
    }
    assert landed.rows_read == len(rows) == 13
    assert all(cells(r) == (None,) * 9 for r in rows if r["bad_row"] is not None)


def test_invalid_bytes_in_an_ignored_column_make_a_bad_row(shop):
    shop.put("a.csv", SHORT.encode() + b",note\n1,2,3,4,\xff\n")
    _, rows = shop.only()
    assert [r["bad_row"] for r in rows] == [r"1,2,3,4,\xff"]


def test_huge_field_and_huge_row(shop, monkeypatch):
    shop.put("a.csv", f'{SHORT}\n{"x" * 1_000_000},"{"y" * 9_000_000}\n",3,4\n1,2,3,4\n')
    _, rows = shop.only()
    assert [len(r["event_time"]) for r in rows] == [1_000_000, 1]
    assert len(rows[0]["event_type"]) == 9_000_001
    forget(shop.warehouse)
    monkeypatch.setattr(csv_text, "LONGEST_ROW", 1 << 20)
    shop.put("a.csv", f"{SHORT}\n{'x' * 20_000_000},2,3,4\n")
    assert "a row is longer than 1 MiB" in shop.reason("a.csv")


def test_an_open_quote_costs_one_row_not_the_file(shop, monkeypatch):
    monkeypatch.setattr(csv_text, "BLOCK", 1 << 16)
    monkeypatch.setattr(csv_text, "LONGEST_ROW", 1 << 18)
    lines = [f"{i},2,3,4" for i in range(100_000)]
    lines[10] = '10,"2,3,4'
    shop.put("a.csv", "\n".join([SHORT, *lines]))
    landed, rows = shop.only()
    assert landed.rows_read == 100_000
    assert [r["row_number"] for r in rows if r["bad_row"]] == [11]
    assert [r["event_time"] for r in rows if not r["bad_row"]] == [
        str(i) for i in range(100_000) if i != 10
    ]


def test_rows_joined_with_quotes_are_bad_line_by_line(shop):
    # the quote left open by a line closes in the next: read as fields, all lines were one row
    line = 'a","b","c","d'
    shop.put("a.csv", f"{SHORT}\n" + f"{line}\n" * 99 + 'x,y"\n1,2,3,4\n')
    landed, rows = shop.only()
    bad = [row["bad_row"] for row in rows if row["bad_row"]]
    assert bad[:50] == [line] * 50
    assert short(rows[-1]) == ("1", "2", "3", "4")
    assert sum(row.count("\n") + 1 for row in bad) == 100
    forget(shop.warehouse)
    # in time that grows with the lines, not with their square
    shop.put("a.csv", f"{SHORT}\n" + f"{line}\n" * 20_000)
    landed, rows = shop.only()
    assert landed.rows_read == 20_000
    assert {row["bad_row"] for row in rows} == {line}


def reference_rows(data: bytes) -> list[tuple[bytes, list[bytes] | None]]:
    """The rules of the layout, character by character: text and fields (None if unsound)."""
    rows, at = [], 0
    while at < len(data):
        if data[at : at + 1] in b"\r\n":
            at += 1
            continue
        start, fields = at, []
        while fields is not None:
            if data[at : at + 1] == b'"':
                value, at = b"", at + 1
                while at < len(data):
                    if data[at : at + 2] == b'""':
                        value, at = value + b'"', at + 2
                    elif data[at : at + 1] == b'"':
                        break
                    else:
                        value, at = value + data[at : at + 1], at + 1
                sound = at < len(data) and data[at + 1 : at + 2] in (b"", b",", b"\r", b"\n")
                at += 1
                if not sound:
                    fields = None
                    break
            else:
                end = at
                while end < len(data) and data[end : end + 1] not in (b",", b"\r", b"\n"):
                    end += 1
                value, at = data[at:end], end
            fields.append(value)
            if data[at : at + 1] != b",":
                break
            at += 1
        if fields is None:
            at = start
            while at < len(data) and data[at : at + 1] not in (b"\r", b"\n"):
                at += 1
        rows.append((data[start:at], fields))
    return rows


def expected_rows(data: bytes) -> list[tuple]:
    expected = []
    for text, fields in reference_rows(data):
        try:
            text.decode()
            assert fields is not None and len(fields) == 4
            expected.append((None, *(f.decode() or None for f in fields)))
        except (UnicodeDecodeError, AssertionError):
            expected.append((text.decode(errors="backslashreplace"), *[None] * 4))
    return expected


PIECES = [b",", b",", b'"', b"\n", b"\r\n", b"\r", b"a", b"1", b" ", b"\xff", "é".encode(), b"\0"]
PIECES += [b'"x"', b'"y,\nz"', b"1,2,3,4\n", b"1,2,3,4\n", b'"1","2",3,4\n', b'""', b",,,\n"]
PIECES += [b"\xef\xbb\xbf", b'1,"2""",3,4\r\n']


@pytest.mark.parametrize("block", [1, 5, 40, 1000])
def test_fuzzed_rows_equal_a_reading_character_by_character(monkeypatch, block):
    monkeypatch.setattr(csv_text.os, "cpu_count", lambda: 2)
    draw = random.Random(block)
    for _ in range(200):
        data = b"".join(draw.choices(PIECES, k=draw.randint(0, 100)))
        monkeypatch.setattr(csv_text, "BLOCK", 8 << 20)
        delivered = csv_text.Csv(io.BytesIO(SHORT.encode() + b"\n" + data))
        # as if the header had been the first block: small blocks from here on
        delivered.stream, delivered.rest = io.BytesIO(delivered.rest), b""
        monkeypatch.setattr(csv_text, "BLOCK", block)
        rows = [row for batch in delivered.batches() for row in batch.to_pylist()]
        assert [(r["bad_row"], *short(r)) for r in rows] == expected_rows(data), data


def test_fuzzed_files_are_landed_row_by_row(shop):
    draw = random.Random(0)
    contents = {}
    for number in range(40):
        contents[f"{number}.csv"] = b"".join(draw.choices(PIECES, k=500))
        shop.put(f"{number}.csv", SHORT.encode() + b"\n" + contents[f"{number}.csv"])
    result = shop.land()
    assert (len(result.landed), result.refused) == (40, [])
    for landed in result.landed:
        expected = expected_rows(contents[landed.source_file])
        rows = shop.rows(landed)
        assert [(r["bad_row"], *short(r)) for r in rows] == expected
        assert [r["row_number"] for r in rows] == list(range(1, len(expected) + 1))
        assert landed.rows_read == len(expected)


# --- gz and zip ----------------------------------------------------------------------------------


def test_gzip_in_several_parts_is_one_file(shop):
    shop.put("a.csv.gz", gzip.compress(f"{HEADER}\n".encode()) + gzip.compress(LINE.encode()))
    _, rows = shop.only()
    assert [cells(r) for r in rows] == [ROW]


@pytest.mark.parametrize(
    "inner", [gzip.compress(LINE.encode(), mtime=0), b"PK\3\4....", b"PAR1...."]
)
def test_a_packed_file_inside_gzip_is_to_be_unpacked(shop, inner):
    shop.put("a.csv.gz", gzip.compress(inner))
    assert re.search("the gzip holds .*: unpack it once", shop.reason("a.csv.gz"))


def test_damaged_gzip_is_refused_whole(shop):
    whole = gzip.compress(f"{HEADER}\n{(LINE + chr(10)) * 1000}".encode())
    shop.put("cut.csv.gz", whole[:-20])
    shop.put("flipped.csv.gz", whole[:-6] + b"\0\0" + whole[-4:])
    shop.put("plain.csv.gz", f"{HEADER}\n")
    shop.put("tail.csv.gz", whole + b"garbage")
    shop.put("good.csv", f"{HEADER}\n{LINE}\n")
    result = shop.land()
    assert [f.source_file for f in result.landed] == ["good.csv"]
    assert {f.source_file for f in result.refused} == {
        "cut.csv.gz",
        "flipped.csv.gz",
        "plain.csv.gz",
        "tail.csv.gz",
    }
    assert all("deliver it again" in f.reason for f in result.refused)
    assert [p.stem for p in (shop.home / "landed_rows").iterdir()] == [result.landed[0].file_sha256]


def test_zip_members_are_contents_of_their_own(shop):
    text = f"{HEADER}\n{LINE}\n"
    shop.put("z.csv", text)
    member = gzip.compress(text.encode())
    shop.put_zip("a.zip", {"x/1.csv": text, "2.csv.gz": member, "readme.md": "", ".3.csv": ""})
    result = shop.land()
    assert {f.source_file: f.file_sha256 for f in result.landed} == {
        "a.zip/x/1.csv": hashlib.sha256(text.encode()).hexdigest(),
        "a.zip/2.csv.gz": hashlib.sha256(member).hexdigest(),
    }
    second = shop.land()
    assert (second.landed, second.refused, second.renamed) == ([], [], [])


def test_zip_members_with_a_dot_in_their_path_are_read(shop):
    good = f"{HEADER}\n{LINE}\n"
    shop.put_zip("a.zip", {"./m.csv": good, "a/./n.csv": good + LINE, "./.h.csv": good})
    assert [f.source_file for f in shop.land().landed] == ["a.zip/./m.csv", "a.zip/a/./n.csv"]


def test_a_changed_zip_brings_only_its_new_members(shop):
    shop.put_zip("a.zip", {"1.csv": f"{HEADER}\n{LINE}\n"})
    shop.land()
    shop.put_zip("a.zip", {"1.csv": f"{HEADER}\n{LINE}\n", "2.csv": f"{HEADER}\n"})
    assert [f.source_file for f in shop.land().landed] == ["a.zip/2.csv"]


def test_dangerous_zip_members_are_refused_by_name(shop, tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "RATIO_MATTERS_FROM", 1 << 20)
    monkeypatch.setattr(archives, "MAX_MEMBER_BYTES", 40 << 20)
    link = zipfile.ZipInfo("link.csv")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    good = f"{HEADER}\n{LINE}\n"
    members = {
        "../up.csv": good,
        "a/../../up2.csv": good,
        "/abs.csv": good,
        "C:/drive.csv": good,
        "back\\slash.csv": good,
        link: "/etc/passwd",
        "inner.zip": "x",
        "bomb.csv": b"0" * (3 << 20),
        "large.csv": b"0" * (41 << 20),
        "good.csv": good,
    }
    shop.put_zip("a.zip", members)
    path = shop.landing / "a.zip"
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("twice.csv", good)
        archive.writestr("twice.csv", good)
    result = shop.land()
    assert [f.source_file for f in result.landed] == ["a.zip/good.csv"]
    reasons = {f.source_file.removeprefix("a.zip/"): f.reason for f in result.refused}
    for name, part in {
        "../up.csv": "out of the archive",
        "a/../../up2.csv": "out of the archive",
        "/abs.csv": "not a plain relative",
        "C:/drive.csv": "not a plain relative",
        "back\\slash.csv": "not a plain relative",
        "link.csv": "it is a link",
        "inner.zip": "zip inside a zip",
        "bomb.csv": "200 times",
        "large.csv": "split it",
        "twice.csv": "2 members",
    }.items():
        assert part in reasons.pop(name)
    assert reasons == {}
    assert not list(tmp_path.rglob("up*.csv"))
    assert len(shop.land().known_refused) == 10


def test_encrypted_and_lying_members_are_refused(shop):
    text = f"{HEADER}\n" + f"{LINE}\n" * 100
    path = shop.put_zip("a.zip", {"enc.csv": text, "lie.csv": text + LINE, "ok.csv": f"{HEADER}\n"})
    data = bytearray(path.read_bytes())
    first = data.index(b"PK\1\2")
    data[first + 8] |= 1  # the flag that says encrypted
    second = data.index(b"PK\1\2", first + 4)
    data[second + 24 : second + 28] = (100).to_bytes(4, "little")  # declares 100 bytes
    path.write_bytes(data)
    result = shop.land()
    assert [f.source_file for f in result.landed] == ["a.zip/ok.csv"]
    reasons = {f.source_file: f.reason for f in result.refused}
    assert "without a password" in reasons["a.zip/enc.csv"]
    assert "CRC" in reasons["a.zip/lie.csv"]


def test_a_member_packed_by_an_unknown_method_is_refused_with_a_remedy(shop):
    path = shop.put_zip("a.zip", {"a.csv": f"{HEADER}\n", "ok.csv": f"{HEADER}\n{LINE}\n"})
    data = bytearray(path.read_bytes())
    data[8:10] = data[(entry := data.index(b"PK\1\2")) + 10 : entry + 12] = b"\x5d\0"
    path.write_bytes(data)
    result = shop.land()
    assert [f.source_file for f in result.landed] == ["a.zip/ok.csv"]
    assert "packed by method 93: pack it again with Deflate" in result.refused[0].reason


def test_a_member_longer_than_its_archive_is_no_full_disk(shop):
    path = shop.put_zip("a.zip", {"lie.csv": f"{HEADER}\n{LINE}\n", "ok.csv": f"{HEADER}\n"})
    data = bytearray(path.read_bytes())
    entry = data.index(b"PK\1\2")
    free = shutil.disk_usage(shop.landing).free
    with zipfile.ZipFile(path) as archive:
        lie, ok = archive.infolist()
        lie.file_size = free + (1 << 30)
        lie.compress_size = lie.file_size // 2
        assert dict(archives.event_members(archive)).pop(lie).endswith("pack it again")
    data[entry + 20 : entry + 28] = b"\xfe\xff\xff\xff" * 2
    path.write_bytes(data)
    result = shop.land()
    assert [f.source_file for f in result.landed] == ["a.zip/ok.csv"]
    assert "longer than the archive itself" in result.refused[0].reason


def test_damaged_or_idle_zip_is_refused_whole(shop):
    whole = shop.put_zip("idle.zip", {"readme.txt": "x"}).read_bytes()
    shop.put("cut.zip", whole[:-10])
    shop.put("empty.zip", b"")
    reasons = {f.source_file: f.reason for f in shop.land().refused}
    assert "holds no csv" in reasons["idle.zip"]
    assert "BadZipFile" in reasons["cut.zip"]
    assert "empty" in reasons["empty.zip"]


# --- parquet -------------------------------------------------------------------------------------


def texts(shop, column: str, values: pa.Array) -> list:
    shop.put_parquet(**{column: values})
    _, rows = shop.only()
    assert [r["row_number"] for r in rows] == list(range(1, len(values) + 1))
    return [r[column] for r in rows]


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
@pytest.mark.parametrize(
    ("unit", "fraction"),
    [("s", ""), ("ms", ".123"), ("us", ".123456"), ("ns", ".123456789")],
)
def test_timestamps_become_utc_text(shop, unit, fraction, zone):
    nanoseconds = 1569888000_123456789
    value = nanoseconds // {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}[unit]
    values = pa.array([value, None], pa.timestamp(unit, zone))
    # nanoseconds have no type in Spark
    utc = "" if unit == "ns" else " UTC"
    assert texts(shop, "event_time", values) == [f"2019-10-01 00:00:00{fraction}{utc}", None]


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_timestamps_beyond_the_calendar_do_no_harm(shop, zone):
    ends = [2**63 - 1, -(2**63), -(2**63) + 1, -(2**63) + 5, 253402300800000000, -62135596800000001]
    near = [253402300799999999, -62135596800000000, 0]
    got = texts(shop, "event_time", pa.array(ends + near, pa.timestamp("us", zone)))
    assert got[6:] == [
        "9999-12-31 23:59:59.999999 UTC",
        "0001-01-01 00:00:00",
        "1970-01-01 00:00:00 UTC",
    ]
    assert not any(re.match(r"\d{4}-", text) for text in got[:6])


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
@pytest.mark.parametrize(("unit", "value"), [("s", 2**53), ("ms", -(2**60)), ("ms", 2**62)])
def test_a_timestamp_beyond_microseconds_costs_one_row(shop, unit, value, zone):
    second = {"s": 1, "ms": 1000}[unit]
    values = pa.array(
        [value, 1569888000 * second, None, -(10**12) * second], pa.timestamp(unit, zone)
    )
    assert texts(shop, "event_time", values) == [
        f"{value * 1000 // second} ms",
        "2019-10-01 00:00:00 UTC",
        None,
        f"{-(10**15)} ms",
    ]


def test_rows_stay_together_when_one_time_is_beyond_microseconds(shop):
    count = 150_000
    columns = {c: pa.array([str(n) for n in range(count)]) for c in EVENT_COLUMNS}
    columns["event_time"] = pa.array([*range(count - 1), 2**60], pa.timestamp("ms"))
    columns = {"times": columns["brand"], "ms": columns["brand"], **columns}
    pq.write_table(pa.table(columns), shop.landing / "a.parquet", row_group_size=7000)
    landed, rows = shop.only()
    assert [(r["row_number"], r["user_id"]) for r in rows] == [
        (n + 1, str(n)) for n in range(count)
    ]
    start = datetime(1970, 1, 1, tzinfo=UTC)
    assert [r["event_time"] for r in rows[:-1:1000]] == [
        shown(start + timedelta(milliseconds=n)) for n in range(0, count - 1, 1000)
    ]
    assert rows[-1]["event_time"] == f"{2**60} ms"


def test_int96_timestamps(shop):
    values = pa.array([1569888000_123456], pa.timestamp("us"))
    table = pa.table({c: [v] for c, v in zip(EVENT_COLUMNS, ROW, strict=True)})
    table = table.set_column(0, "event_time", values)
    path = shop.landing / "a.parquet"
    pq.write_table(table, path, use_deprecated_int96_timestamps=True)
    _, rows = shop.only()
    assert rows[0]["event_time"] == "2019-10-01 00:00:00.123456 UTC"


@pytest.mark.parametrize(
    ("column", "typed", "text"),
    [
        ("event_time", "2019-10-01 00:00:00 UTC", "2019-10-01 00:00:00"),
        ("event_time", "2019-10-01 00:00:00.5 UTC", "2019-10-01 00:00:00.50 UTC"),
        ("event_time", "1900-01-01 00:00:00 UTC", "1899-12-31 23:59:59 UTC"),
        ("event_time", "9999-12-31 23:59:59.999999 UTC", "2019-10-01T00:00:00 UTC"),
        ("event_time", "9999-12-31 00:00:00 UTC", "10000-01-01 00:00:00 UTC"),
        ("event_time", "1900-01-01 00:00:00 UTC", "infinity UTC"),
        ("user_id", "-5", "+5"),
        ("product_id", "9223372036854775807", "9223372036854775808"),
        ("category_id", "0", "00"),
        ("price", "35.79", "35.8"),
        ("price", "0.00", "35.790"),
        ("price", "-1.00", ".50"),
    ],
)
def test_only_what_shows_just_as_delivered_is_typed(shop, column, typed, text):
    usual = dict(zip(EVENT_COLUMNS, ROW, strict=True))
    lines = [",".join((usual | {column: value}).values()) for value in (typed, text)]
    shop.put("a.csv", "\n".join([HEADER, *lines]))
    landed, rows = shop.only()
    assert [row[column] for row in rows] == [typed, text]
    copy = pq.read_table(shop.home / "landed_rows" / f"{landed.file_sha256}.parquet")
    assert copy[column].to_pylist() == [None, text]


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("column", ["product_id", "category_id", "user_id"])
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([-999999, 2**63 - 1, None]), ["-999999", "9223372036854775807", None]),
        (pa.array([2**64 - 1], pa.uint64()), ["18446744073709551615"]),
        (pa.array([7], pa.int8()), ["7"]),
        (pa.array([5e8, 2.0**60, -0.0, None]), ["500000000", str(2**60), "0", None]),
        (pa.array([1.5, 1e300, NAN, INF, -INF]), ["1.5", "1e+300", "NaN", "inf", "-inf"]),
        (pa.array([-(2.0**63), 2.0**63]), ["-9223372036854775808", "9.223372036854776e+18"]),
        (pa.array([16777216.0, 0.1, NAN], pa.float32()), ["16777216", "0.1", "NaN"]),
        (pa.array([Decimal("12.00"), Decimal("1.50")]), ["12", "1.50"]),
        (pa.array([Decimal("100"), Decimal("-7")]), ["100", "-7"]),
        (pa.array(["007", " 1.0 ", "x"]), ["007", " 1.0 ", "x"]),
    ],
)
def test_ids_of_any_type_become_plain_digits_where_whole(shop, column, values, expected):
    assert texts(shop, column, values) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([489.07, 0.1 + 0.2, NAN, INF]), ["489.07", "0.30000000000000004", "NaN", "inf"]),
        (pa.array([489.07, 1e-7, NAN], pa.float32()), ["489.07", "1e-07", "NaN"]),
        (pa.array([Decimal("489.070"), None]), ["489.070", None]),
        (pa.array([35, -1]), ["35", "-1"]),
    ],
)
def test_prices_become_their_shortest_text(shop, values, expected):
    assert texts(shop, "price", values) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array(["Ä", None, ""]), ["Ä", None, ""]),
        (pa.array(["a", "b", "a"]).dictionary_encode(), ["a", "b", "a"]),
        (pa.array(["é".encode(), None]), ["é", None]),
        (pa.array(["x"], pa.large_string()), ["x"]),
        (pa.nulls(2), [None, None]),
        (pa.array([True]), ["true"]),
    ],
)
def test_text_of_any_parquet_type(shop, values, expected):
    assert texts(shop, "brand", values) == expected


@pytest.mark.parametrize(
    ("column", "values", "reason"),
    [
        ("brand", pa.array([[1]]), "column brand is of type BIGINT"),
        ("user_id", pa.array([{"a": 1}]), "column user_id is of type STRUCT"),
        ("brand", pa.array([b"\xff"]), "not valid UTF8"),
        (
            "brand",
            pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xff"]).buffers()),
            "not valid UTF8",
        ),
    ],
)
def test_parquet_values_that_are_no_text_refuse_the_file(shop, column, values, reason):
    shop.put_parquet(**{column: values})
    assert reason in shop.reason("a.parquet")


def test_parquet_columns_in_any_case_missing_extra_and_doubled(shop):
    def put(**columns):
        pq.write_table(pa.table(columns), shop.landing / "a.parquet")

    four = {"EVENT_TIME": ["t"], "Event_Type": ["e"], "product_id ": ["p"], "user_id": ["u"]}
    put(**four, file_row_number=[77], nested=[{"a": 1}])
    landed, rows = shop.only()
    assert [(r["row_number"], *short(r)) for r in rows] == [(1, "t", "e", "p", "u")]
    assert landed.notes.endswith("; extra columns, ignored: file_row_number, nested")
    put(**four, price=[1], PRICE=[2])
    assert "more than one column is named price" in shop.reason("a.parquet")
    put(EVENT_TIME=["t"], price=[1])
    assert shop.reason("a.parquet").startswith("missing event_type, product_id, user_id; found")


def test_an_erased_user_is_found_behind_any_white_space(shop):
    macro = (PROJECT / "macros" / "cleaning.sql").read_text()
    trimmed = re.search(r"'(\\t[^']*)'", macro)[1].encode().decode("unicode_escape")
    assert set(trimmed) == set(erased_ids.WHITE_SPACE)
    land(shop.landing, shop.warehouse)
    register.note_erased(shop.warehouse, 1, 501)
    ids = [f"{space}501{space}" for space in trimmed] + ["502"]
    shop.put_parquet(user_id=ids)
    (landed,) = shop.land().landed
    rows = shop.rows(landed)
    assert [row["is_erased"] for row in rows] == [True] * len(trimmed) + [False]
    assert {row["user_id"] for row in rows} == {None, "502"}


def test_an_erased_user_is_found_however_the_id_is_written(shop):
    land(shop.landing, shop.warehouse)
    register.note_erased(shop.warehouse, 1, 501)
    register.note_erased(shop.warehouse, 2, -7)
    theirs = ["501", "501.0", "+501", "000501", "0" * 5000 + "501", "-7", "-007.0"]
    # Python reads no number of more than 4,300 digits; such a row must not stop the landing.
    others = ["-501", "7", "5010", "501.00", "9" * 20, "9" * 5000, "x501", ""]
    shop.put_parquet(user_id=theirs + others)
    (landed,) = shop.land().landed
    rows = shop.rows(landed)
    assert [row["is_erased"] for row in rows] == [True] * len(theirs) + [False] * len(others)


def test_damaged_parquet_is_refused(shop):
    data = shop.put_parquet("good.parquet").read_bytes()
    shop.put("cut.parquet", data[: len(data) // 2])
    shop.put("text.parquet", f"{HEADER}\n")
    shop.put("empty.parquet", b"")
    middle = data.index(b"xiaomi") - 20
    shop.put("mauled.parquet", data[:middle] + b"\xff" * 60 + data[middle + 60 :])
    result = shop.land()
    assert [f.source_file for f in result.landed] == ["good.parquet"]
    assert len(result.refused) == 4


@pytest.mark.parametrize("column", ["user_id", "category_id", "price"])
def test_a_decimal_that_can_not_be_read_exactly_refuses_the_file(shop, column):
    digits = pa.array([Decimal(2053013555631882655)], pa.decimal256(50, 0))
    shop.put_parquet(**{column: digits})
    assert shop.reason("a.parquet").startswith(f"{column} is a decimal of more than 38 digits")


def test_a_long_first_line_is_no_header(shop):
    shop.put("a.csv", '{"rows": "' + "x" * 200_000 + '"}')
    assert shop.reason("a.csv").startswith("missing event_time, event_type, product_id, user_id")


def test_parquet_without_rows(shop):
    schema = pa.schema([(c, pa.string()) for c in EVENT_COLUMNS])
    pq.write_table(schema.empty_table(), shop.landing / "a.parquet")
    landed, rows = shop.only()
    assert (landed.rows_read, rows) == (0, [])


def test_rows_keep_their_order_over_row_groups(shop):
    many = [str(i) for i in range(300_000)]
    table = pa.table({"event_time": many, "event_type": many, "product_id": many, "user_id": many})
    pq.write_table(table, shop.landing / "a.parquet", row_group_size=10_000)
    shop.put("b.csv", SHORT + "\n" + "".join(f"{i},{i},{i},{i}\n" for i in range(300_000)))
    for landed in shop.land().landed:
        copy = pq.read_table(shop.home / "landed_rows" / f"{landed.file_sha256}.parquet")
        assert copy["event_time"].to_pylist() == many
        assert copy["row_number"].to_pylist() == list(range(1, 300_001))


# --- trouble -------------------------------------------------------------------------------------


@pytest.mark.parametrize("small", [0, reader.SMALL])
@pytest.mark.parametrize("name", ["a.csv", "a.zip"])
def test_a_file_that_changes_while_it_is_read_waits_for_the_next_run(
    shop, monkeypatch, name, small
):
    text = f"{HEADER}\n{LINE}\n"

    def put(content):
        return (
            shop.put_zip(name, {"m.csv": content}) if name == "a.zip" else shop.put(name, content)
        )

    put(text)
    shop.put("b.csv", f"{HEADER}\n")
    monkeypatch.setattr(reader, "SMALL", small)
    for module, function in ((decode, "_decode_text"), (small_files, "text_rows")):
        read = getattr(module, function)
        monkeypatch.setattr(
            module,
            function,
            lambda *a, read=read: (read(*a), put(text + LINE), os.sync())[0],
        )
    result = shop.land()
    assert result.skipped_changing[0] == name
    monkeypatch.undo()
    assert name in {f.source_file[:5] for f in shop.land().landed}
    assert {r["rows_read"] for r in shop.table("landed_files")} == {0, 2}


def test_a_file_that_disappears_is_skipped(shop, monkeypatch):
    path = shop.put("a.csv", f"{HEADER}\n{LINE}\n")
    hashed = reader.sha256_of

    def vanish(file):
        digest = hashed(file)
        path.unlink()
        return digest

    monkeypatch.setattr(reader, "sha256_of", vanish)
    result = shop.land()
    assert (result.skipped_changing, result.landed, result.refused) == (["a.csv"], [], [])
    assert shop.table("deliveries") == []


def test_a_file_that_disappears_before_it_is_read_is_skipped(shop, monkeypatch):
    path = shop.put("a.csv", f"{HEADER}\n{LINE}\n")
    shop.put("b.csv", f"{HEADER}\n")
    look = committer.state_of

    def vanish(file):
        signature = look(file)
        path.unlink(missing_ok=True)
        return signature

    monkeypatch.setattr(committer, "state_of", vanish)
    result = shop.land()
    assert (result.skipped_changing, result.refused) == (["a.csv"], [])
    assert [f.source_file for f in result.landed] == ["b.csv"]


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ESTALE])
def test_a_passing_error_refuses_a_file_for_one_run(shop, monkeypatch, number):
    shop.put("a.csv", f"{HEADER}\n{LINE}\n")
    shop.put_zip("b.zip", {"m.csv": f"{HEADER}\n"})

    def fail(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(reader, "sha256_of", fail)
    monkeypatch.setattr(reader, "extract", fail)
    result = shop.land()
    assert [f.source_file for f in result.refused] == ["a.csv", "b.zip/m.csv"]
    assert all("the next run tries again" in f.reason for f in result.refused)
    assert len(shop.land().known_refused) == 2
    monkeypatch.undo()
    assert len(shop.land().landed) == 2
    assert shop.table("refused_files") == []


def test_an_unexpected_error_refuses_one_file_and_is_logged(shop, monkeypatch, caplog):
    shop.put("a.csv", f"{HEADER}\n{LINE}\n")
    shop.put("b.csv", f"{HEADER}\n")
    copy = work_copy.copy

    def fail(con, select, values, target):
        copy(con, select, values, target)
        if pq.read_metadata(target).num_rows:
            raise ZeroDivisionError("first line\nsecond line")

    monkeypatch.setattr(reader, "SMALL", 0)
    monkeypatch.setattr(work_copy, "copy", fail)
    result = shop.land()
    assert [f.source_file for f in result.landed] == ["b.csv"]
    (refused,) = result.refused
    assert "(ZeroDivisionError: first line)" in refused.reason
    assert "second line" not in refused.reason
    assert "Traceback" in caplog.text and caplog.records[0].name == "shopstream.intake.reader"


def test_a_work_copy_that_lost_rows_is_never_registered(shop, monkeypatch):
    shop.put("a.csv", f"{HEADER}\n{LINE}\n{LINE}\n")
    copy = work_copy.copy
    monkeypatch.setattr(reader, "SMALL", 0)
    monkeypatch.setattr(
        work_copy,
        "copy",
        lambda con, select, *a: copy(con, select + " where row_number > 1", *a),
    )
    assert "2 rows were read, but 1 written" in shop.reason("a.csv")


def test_without_its_key_no_erased_user_comes_back(shop):
    land(shop.landing, shop.warehouse)
    register.note_erased(shop.warehouse, 1, 501)
    key = shop.warehouse / ".erasure-key"
    held = key.read_text()
    assert key.stat().st_mode & 0o777 == 0o600
    shop.put_parquet(user_id=["501", "502"])
    erased_ids.beside(shop.warehouse).unlink()
    for damaged in (None, "", "00", "x" * 64):
        key.unlink(missing_ok=True)
        if damaged is not None:
            key.write_text(damaged)
        with pytest.raises(LandingError, match="erasure-key is missing or damaged"):
            shop.land()
        with pytest.raises(LandingError, match="erasure-key is missing or damaged"):
            register.note_erased(shop.warehouse, 2, 503)
    key.write_text(f"{held}\n")  # as an editor saves it
    (landed,) = shop.land().landed
    assert [row["user_id"] for row in shop.rows(landed)] == [None, "502"]


def test_users_are_erased_in_a_warehouse_with_a_quote_in_its_path(tmp_path):
    (tmp_path / "it's").mkdir()
    shop = Shop(tmp_path / "it's")
    land(shop.landing, shop.warehouse)
    register.note_erased(shop.warehouse, 1, 501)
    shop.put_parquet(user_id=["501", "502"])
    (landed,) = shop.land().landed
    assert [row["user_id"] for row in shop.rows(landed)] == [None, "502"]


def test_a_content_with_the_key_of_another_is_refused_and_takes_nothing_from_it(shop, monkeypatch):
    monkeypatch.setattr(committer, "file_key_of", lambda sha256: 7)
    first = hashlib.sha256(shop.put("b.csv", f"{HEADER}\n{LINE}\n").read_bytes()).hexdigest()
    assert len(shop.land().landed) == 1
    shop.put("a.csv", f"{HEADER}\n{LINE}\n{LINE}\n")
    result = shop.land()
    assert result.landed == []
    (refused,) = result.refused
    assert refused.source_file == "a.csv" and refused.reason.endswith(first)
    assert [row.source_file for row in shop.land().known_refused] == ["a.csv"]


def test_a_file_that_was_away_for_a_run_is_refused_no_longer(shop, tmp_path):
    file = tmp_path / "elsewhere"
    file.write_text(f"{HEADER}\n{LINE}\n")
    (shop.landing / "a.csv").symlink_to(file)
    assert len(shop.land().landed) == 1
    file.rename(tmp_path / "away")
    assert [refused.source_file for refused in shop.land().refused] == ["a.csv"]
    (tmp_path / "away").rename(file)
    result = shop.land()
    assert (result.landed, result.refused, result.known_refused) == ([], [], [])
    assert shop.table("refused_files") == []
    assert landing.missing_files(shop.landing, shop.warehouse) == []


def test_a_file_replaced_while_it_is_read_again_counts_as_missing(shop, monkeypatch):
    path = shop.put("a.csv", f"{HEADER}\n{LINE}\n")
    (landed,) = shop.land().landed
    landing.drop_work_copies(shop.warehouse)
    hashed = reader.sha256_of

    def swap(file):
        sha = hashed(file)
        path.write_text(f"{HEADER}\n{LINE}\n{LINE}\n")
        return sha

    monkeypatch.setattr(reader, "sha256_of", swap)
    with pytest.raises(LandingError, match="were changed: a.csv"):
        landing.reread(shop.landing, shop.warehouse, {landed.file_sha256})
    assert list((shop.home / "landed_rows").iterdir()) == []


def test_what_a_killed_run_left_goes_with_the_work_copies(shop):
    shop.land()
    (shop.home / "extracted").mkdir(exist_ok=True)
    (shop.home / "extracted" / "x.parquet").write_text("rows of somebody")
    landing.drop_work_copies(shop.warehouse)
    assert not (shop.home / "extracted").exists()
    shop.put("a.csv", f"{HEADER}\n{LINE}\n")
    assert len(shop.land().landed) == 1


def test_a_name_of_several_contents_has_to_be_told_apart(shop):
    shop.put("a.csv", f"{HEADER}\n{LINE}\n")
    (first,) = shop.land().landed
    shop.put("a.csv", f"{HEADER}\n{LINE}\n{LINE}\n")
    (second,) = shop.land().landed
    with pytest.raises(LandingError, match=f"{first.file_sha256} .1 rows.*{second.file_sha256}"):
        corrections.files_named(shop.warehouse, ["a.csv"])
    assert corrections.files_named(shop.warehouse, [first.file_sha256]) == [first]


def test_refusals_follow_what_lies_there(shop):
    bad = shop.put("bad.csv", "x\n")
    shop.put("worse.csv", "y\n")
    assert len(shop.land().refused) == 2
    seen = {r["source_file"]: r["seen_at"] for r in shop.table("refused_files")}
    (shop.landing / "worse.csv").unlink()
    os.utime(bad, (1, 1))  # touched, not changed: still known
    result = shop.land()
    assert result.refused == []
    (known,) = result.known_refused
    assert (known.source_file, known.seen_at) == ("bad.csv", seen["bad.csv"])
    assert [r["source_file"] for r in shop.table("refused_files")] == ["bad.csv"]
    shop.put("bad.csv", f"{HEADER}\n")
    assert len(shop.land().landed) == 1
    assert shop.table("refused_files") == []


def test_the_same_bytes_under_an_ending_that_does_not_fit_are_refused(shop):
    shop.put("b.csv", f"{HEADER}\n{LINE}\n")
    shop.land()
    shop.put("a.parquet", f"{HEADER}\n{LINE}\n")
    assert "can't be read as parquet" in shop.reason("a.parquet")
    assert shop.table("landed_files")[0]["source_file"] == "b.csv"


def test_no_space_stops_the_run_and_leaves_nothing_half_written(shop, monkeypatch):
    shop.put("a.csv", f"{HEADER}\n{LINE}\n")
    shop.put("b.csv", f"{HEADER}\n")
    copy = work_copy.copy

    def full(con, select, values, target):
        if list((shop.home / "extracted").glob("*.parquet")):
            raise OSError(errno.ENOSPC, "No space left on device")
        copy(con, select, values, target)

    monkeypatch.setattr(reader, "SMALL", 0)
    monkeypatch.setattr(work_copy, "copy", full)
    with pytest.raises(LandingError, match="No space left in the warehouse"):
        shop.land()
    assert shop.table("landed_files") == shop.table("refused_files") == []
    assert not (shop.home / "extracted").exists()
    assert list((shop.home / "landed_rows").iterdir()) == []
    monkeypatch.undo()
    assert len(shop.land().landed) == 2


def test_really_full_disk(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs to mount a small tmpfs")
    shop, disk = Shop(tmp_path), tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no right to mount a small tmpfs")
    try:
        draw = random.Random(1)
        lines = (f"{draw.random()},{draw.random()},{i},{i}" for i in range(200_000))
        text = "\n".join([SHORT, *lines])
        shop.put("a.csv", text)
        shop.put_zip("b.zip", {"m.csv": text + "\n"})
        shop.warehouse = disk / "warehouse"
        shop.home = shop.warehouse / "shopstream_landing.db"
        with pytest.raises(LandingError, match="[Nn]o space left"):
            shop.land()
        (shop.landing / "a.csv").unlink()
        with pytest.raises(LandingError, match="[Nn]o space left"):
            shop.land()
        assert shop.table("landed_files") == shop.table("refused_files") == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_not_enough_memory_is_no_fault_of_the_file(shop):
    shop.put_parquet(brand=pa.array([os.urandom(500).hex() for _ in range(100_000)]))
    with pytest.raises(LandingError, match="Not enough memory"):
        shop.land(memory_limit="8MB")
    assert shop.table("refused_files") == []


def test_a_file_that_speaks_of_a_full_disk_is_refused_like_any_other(shop):
    shop.put("a.csv", "Error: Quota exceeded\n")
    shop.put("No space left on device.csv.gz", b"No space left on device")
    shop.put("No space left on device.parquet", b"PAR1 no")
    shop.put_parquet("'No space left on device.parquet", brand=pa.array([b"\xff"]))
    shop.put("No space left on device.zip", "x")
    shop.put("good.csv", f"{HEADER}\n")
    result = shop.land()
    assert ([f.source_file for f in result.landed], len(result.refused)) == (["good.csv"], 5)


STEPS = ["replace", "landed_files", "refused_files", "deliveries", "end"]
KILLED = """
import os, signal, sys
from pathlib import Path
from shopstream.intake import landing, register
step, folder = sys.argv[1], Path(sys.argv[2])
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
write, move = register.write_table, Path.replace
register.write_table = lambda home, name, rows: die() if name == step else write(home, name, rows)
Path.replace = lambda *a: (move(*a), step == "replace" and die())
landing.land(folder / "landing", folder / "warehouse")
die()
"""


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_is_made_good_by_the_next_run(shop, tmp_path, step):
    shop.put("a.csv", f"{HEADER}\n{LINE}\n")
    shop.put_zip("b.zip", {"m.csv": f"{HEADER}\n", "bad.csv": "x\n"})
    shop.put("bad.csv", "x\n")
    root = Path(landing.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, step, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert done.returncode == -signal.SIGKILL
    shop.put("c.csv", f"{HEADER}\n{LINE}\n{LINE}\n")
    shop.land()
    rows = {r["source_file"]: r["rows_read"] for r in shop.table("landed_files")}
    assert rows == {"a.csv": 1, "b.zip/m.csv": 0, "c.csv": 2}
    refused = [r["source_file"] for r in shop.table("refused_files")]
    assert sorted(refused) == ["b.zip/bad.csv", "bad.csv"]
    copies = {p.stem for p in (shop.home / "landed_rows").iterdir()}
    assert copies == {r["file_sha256"] for r in shop.table("landed_files")}
    again = shop.land()
    assert (again.load_id, again.refused) == (None, [])
    assert len(again.known_refused) == 2


def test_leftovers_of_an_interrupted_run_are_cleaned(shop):
    shop.land()
    (shop.home / "extracted").mkdir()
    (shop.home / "extracted" / "member").write_text("half")
    (shop.home / "landed_rows" / f"{'0' * 64}.parquet").write_text("of no known content")
    shop.land()
    assert not (shop.home / "extracted").exists()
    assert list((shop.home / "landed_rows").iterdir()) == []


def test_progress_is_reported_and_a_broken_display_harms_nothing(shop, monkeypatch):
    monkeypatch.setattr(csv_text, "BLOCK", 1 << 16)
    text = SHORT + "\n" + "1,2,3,4\n" * 100_000
    size = shop.put("a.csv", text).stat().st_size
    shop.put_zip("z.zip", {"m.csv": f"{SHORT}\n1,2,3,4\n"})
    seen = []
    shop.land(on_progress=lambda *call: seen.append(call))
    large = [done for name, done, total in seen if name == "a.csv" and total == size]
    assert large[0] == 0 and large[-1] == size and large == sorted(large) and len(large) > 4
    assert any(name == "z.zip/m.csv" for name, _, _ in seen)
    forget(shop.warehouse)

    def broken(*_):
        raise BrokenPipeError

    assert len(shop.land(on_progress=broken).landed) == 2


def test_duckdb_stays_off_the_network_and_in_utc(tmp_path):
    with duck.Duck(tmp_path, "1GB").connection() as con:
        query = "select name, value from duckdb_settings()"
        settings = dict(con.execute(query).fetchall())
    assert settings["autoinstall_known_extensions"] == "false"
    assert settings["autoload_known_extensions"] == "false"
    assert settings["TimeZone"] == "UTC"
    assert settings["temp_directory"].startswith(str(tmp_path))


def test_a_run_has_one_database_and_a_new_one_after_an_error(shop, monkeypatch):
    for number in range(5):
        shop.put(f"{number}.csv", f"{HEADER}\n{LINE}\n{number}\n")
    shop.put_zip("5.zip", {f"{n}.csv": f"{HEADER}\n{LINE}\n{LINE}{n}\n" for n in range(3)})
    shop.put_parquet("2a.parquet", brand=pa.array([b"\xff"]))
    shop.put("0a.csv", "x\n")
    shop.put("0b.csv", f"{SHORT}\n{'x' * (1 << 20)}")
    monkeypatch.setattr(csv_text, "BLOCK", 1 << 16)
    monkeypatch.setattr(csv_text, "LONGEST_ROW", 1 << 17)
    connect, opened = duck.duckdb.connect, []

    def counted(**options):
        opened.append(connect(**options))
        return opened[-1]

    monkeypatch.setattr(duck.duckdb, "connect", counted)
    result = shop.land()
    assert (len(result.landed), len(result.refused), len(opened)) == (8, 3, 2)
    for con in opened:
        with pytest.raises(duck.duckdb.ConnectionException):
            con.execute("select 1")


def test_zip_members_of_one_run_are_not_mixed_up(shop):
    members = {}
    for number in range(9):
        path = shop.put_parquet(product_id=[number] * 3)
        members[f"{number}.parquet"] = path.read_bytes()
        path.unlink()
    shop.put_zip("a.zip", members)
    rows = {f.source_file[6]: shop.rows(f) for f in shop.land().landed}
    assert {number: {r["product_id"] for r in held} for number, held in rows.items()} == {
        str(number): {str(number)} for number in range(9)
    }


def test_memory_limit_comes_from_the_environment_or_the_machine(monkeypatch):
    monkeypatch.setenv("SHOPSTREAM_DUCKDB_MEMORY", "3GB")
    assert duck.default_memory_limit() == "3GB"
    monkeypatch.delenv("SHOPSTREAM_DUCKDB_MEMORY")
    monkeypatch.setattr(duck.os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 9}.get)
    assert duck.default_memory_limit() == "1024MiB"


def test_a_warehouse_of_another_version_says_so(shop):
    shop.put("a.csv", f"{HEADER}\n{LINE}\n")
    shop.land()
    write_deltalake(
        shop.home / "landed_files", pa.table({"x": [1]}), mode="overwrite", schema_mode="overwrite"
    )
    with pytest.raises(LandingError, match="another version of shopstream"):
        shop.land()
