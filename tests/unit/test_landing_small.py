"""Small files are typed together, and each ends as if it had been landed by itself."""

import errno
import gzip
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from shopstream.errors import LandingError
from shopstream.intake import reader, register, small_files
from shopstream.intake.columns import EVENT_COLUMNS
from shopstream.intake.register import LandedFile
from tests.helpers.shop import HEADER, LINE, ROW, SHORT, Shop

TABLES = ("landed_files", "refused_files", "deliveries")
ODD = [
    b"",
    HEADER.encode(),
    f"{HEADER}\n".encode(),
    b"a,b\n1,2\n",
    b"\xef\xbb\xbf" + f"{HEADER}\r\n{LINE}\r\n".encode(),
    f"{HEADER}\n{LINE},one too many\n{LINE}\n{LINE[:30]}\n".encode(),
    f'{HEADER}\n{LINE}\n"never closed,{LINE}\n{LINE}\n'.encode(),
    f"{HEADER}\n".encode() + LINE.encode().replace(b"xiaomi", b"\xff\xfe") + b"\n",
    f"{SHORT},odd\n2019-10-01 00:00:00.5 UTC,view,+7,7.0,x\n not a time ,,null,-7,\n".encode(),
    HEADER.replace(",", ";").encode() + b"\n",
    f"{HEADER},brand\n{LINE},again\n".encode(),
    b"PK\3\4 and no zip",
]


def csv(number: int) -> bytes:
    """A sound file of a few rows, with its columns in another order now and then."""
    rows = [[f"2019-10-01 00:{number:02}:{at:02} UTC", *ROW[1:]] for at in range(number % 7)]
    names = list(EVENT_COLUMNS)
    if number % 3 == 0:
        names, rows = names[::-1], [row[::-1] for row in rows]
    return "\n".join(",".join(row) for row in [names, *rows]).encode()


def json_lines(number: int) -> bytes:
    row = dict(zip(EVENT_COLUMNS, [f"2019-10-02 00:00:{number:02}", *ROW[1:]], strict=True))
    lines = [json.dumps(row), "no json", json.dumps({**row, "price": None, "more": number})]
    return "\n".join(lines[: 1 + number % 3]).encode()


def fill(shop: Shop) -> None:
    """Some sixty files of all kinds."""
    for number in range(20):
        shop.put(f"a{number:02}.csv", csv(number))
        shop.put(f"b{number:02}.jsonl", json_lines(number))
    for number, text in enumerate(ODD):
        shop.put(f"odd{number:02}.csv", text)
        shop.put(f"odd{number:02}.csv.gz", gzip.compress(text, mtime=0))
    shop.put("cut.csv.gz", gzip.compress(csv(6), mtime=0)[:-9])
    shop.put("same.csv", csv(5))
    shop.put("same.jsonl", csv(5))
    shop.put("brand=acme/event_type=cart/given.csv", f"{SHORT[:11]}product_id,user_id\n".encode())
    shop.put_zip("z.zip", {"good.csv": csv(8), "bad.csv": "a\n1\n", "good.jsonl": json_lines(30)})
    shop.put_parquet("typed.parquet")
    shop.describe('files: ["rr/*"]\npreset: retailrocket\n', "rr")
    shop.describe(f'files: ["zone/*"]\ntime: {{zone: Europe/Berlin}}\nheader: [{SHORT}]\n', "zone")
    for number in range(3):
        head = "timestamp,visitorid,event,itemid,transactionid"
        shop.put(f"rr/{number}.csv", f"{head}\n143322177783{number},1,addtocart,2,\n".encode())
        shop.put(f"zone/{number}.csv", f"2019-10-01 0{number}:00:00,view,1,2\nx\n".encode())


def landed(shop: Shop) -> dict:
    """What landing wrote, without its clock and the names of inodes."""
    fill(shop)
    shop.land()
    clock = {"loaded_at", "seen_at", "state"}
    tables = {
        name: sorted(
            ({k: v for k, v in row.items() if k not in clock} for row in shop.table(name)), key=str
        )
        for name in TABLES
    }
    copies = {path.name: pq.read_table(path) for path in (shop.home / "landed_rows").iterdir()}
    return {
        **tables,
        "copies": {name: (t.column_names, t.to_pylist()) for name, t in copies.items()},
    }


@pytest.fixture
def statements(monkeypatch) -> list[int]:
    """How many files each statement typed."""
    sizes, write = [], small_files.SmallFiles._write

    def counted(self, select, held):
        sizes.append(len(held))
        write(self, select, held)

    monkeypatch.setattr(small_files.SmallFiles, "_write", counted)
    return sizes


def test_files_end_the_same_together_and_one_by_one(tmp_path, monkeypatch, statements):
    together = landed(Shop(make(tmp_path / "together")))
    assert len(statements) == 3 and max(statements) > 40  # of each description one
    monkeypatch.setattr(small_files, "ENOUGH", 1)
    in_turn = landed(Shop(make(tmp_path / "in_turn")))
    assert len(statements) > 40 and max(statements[3:]) < 6  # no fewer than a file on disk holds
    monkeypatch.setattr(reader, "SMALL", 0)
    del statements[:]
    one_by_one = landed(Shop(make(tmp_path / "one_by_one")))
    assert statements == []
    assert len(together["landed_files"]) > 45 and len(together["refused_files"]) > 12
    for name in one_by_one:
        assert together[name] == one_by_one[name], name
        assert in_turn[name] == one_by_one[name], name


def make(folder):
    folder.mkdir()
    return folder


def test_a_file_that_can_not_be_typed_spoils_no_other(shop, monkeypatch, caplog):
    for number in range(5):
        shop.put(f"a{number}.csv", csv(number))
    typed = small_files.SmallFiles._write

    def write(self, select, held):
        if any(job.path.name == "a3.csv" for job, _ in held):
            raise ZeroDivisionError("first line\nsecond line")
        typed(self, select, held)

    monkeypatch.setattr(small_files.SmallFiles, "_write", write)
    result = shop.land()
    assert [f.source_file for f in result.landed] == ["a0.csv", "a1.csv", "a2.csv", "a4.csv"]
    (refused,) = result.refused
    assert refused.source_file == "a3.csv" and "(ZeroDivisionError: first line)" in refused.reason
    assert (
        "could not be typed together" in caplog.text and "a3.csv could not be read" in caplog.text
    )
    assert all(len(shop.rows(f)) == f.rows_read for f in result.landed)


def test_rows_that_are_lost_in_typing_are_never_registered(shop, monkeypatch):
    for number in (1, 2):
        shop.put(f"a{number}.csv", csv(number))
    typed = small_files.typed
    monkeypatch.setattr(small_files, "typed", lambda s: typed(s) + " where row_number < 2")
    result = shop.land()
    assert [f.source_file for f in result.landed] == ["a1.csv"]
    assert "are not those that were read" in result.refused[0].reason


def test_a_large_file_under_two_names_is_decoded_once(shop, monkeypatch):
    decoded, decode = [], reader.decode
    monkeypatch.setattr(reader, "SMALL", 300)
    monkeypatch.setattr(reader, "decode", lambda *a: (decoded.append(a), decode(*a))[1])
    shop.put("a.csv", csv(1))
    for name in ("b.csv", "c.csv"):
        shop.put(name, csv(6))
    assert [f.source_file for f in shop.land().landed] == ["a.csv", "b.csv"]
    assert len(decoded) == 1


def test_no_space_for_the_rows_of_small_files_stops_the_run(shop, monkeypatch):
    for number in range(3):
        shop.put(f"a{number}.csv", csv(number))

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(small_files.pq, "write_table", full)
    with pytest.raises(LandingError, match="No space left in the warehouse"):
        shop.land()
    assert shop.table("landed_files") == shop.table("refused_files") == []
    monkeypatch.undo()
    assert len(shop.land().landed) == 3


def test_only_files_that_hold_an_erased_user_are_written_again(shop):
    for number in range(4):
        user = "7" if number == 2 else "8"
        shop.put(f"a{number}.csv", f"{SHORT}\n2019-10-01 00:00:0{number},view,1,{user}\n")
    register.prepare(shop.home)
    register.note_erased(shop.warehouse, 1, 7)
    files = shop.land().landed
    held = {file.source_file: pq.read_table(work_copy(shop, file)) for file in files}
    assert [name for name, rows in held.items() if "is_erased" in rows.column_names] == ["a2.csv"]
    (row,) = held["a2.csv"].to_pylist()
    assert (row["row_number"], row["user_id_exact"], row["is_erased"]) == (1, None, True)
    assert held["a3.csv"]["user_id_exact"].to_pylist() == [8]


def work_copy(shop: Shop, file: LandedFile) -> Path:
    return shop.home / "landed_rows" / f"{file.file_sha256}.parquet"
