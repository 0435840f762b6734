"""A file is read again when it may have changed, and only then."""

import os
import time

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from shopstream.intake import committer, file_state, landing, reader
from tests.helpers.shop import HEADER, LINE

TEXT = f"{HEADER}\n{LINE}\n"
OTHER = TEXT.replace("view", "cart")


def in_place(path):
    with path.open("r+") as file:
        file.write(OTHER)


def replaced(path):
    path.with_suffix(".new").write_text(OTHER)
    path.with_suffix(".new").rename(path)


@pytest.mark.parametrize("correct", [in_place, replaced])
def test_a_corrected_file_of_the_same_name_size_and_time_is_noticed(shop, correct):
    path = shop.put("a.csv", TEXT)
    shop.land()
    before = path.stat()
    correct(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    _, rows = shop.only()
    assert rows[0]["event_type"] == "cart"
    assert landing.missing_files(shop.landing, shop.warehouse) == ["a.csv"], "the old content"
    assert shop.land().landed == []


def test_a_change_within_a_tick_of_the_clock_is_told_from_what_was_read(shop, monkeypatch):
    naps = []
    monkeypatch.setattr(time, "sleep", naps.append)
    path = shop.put("a.csv", TEXT)
    changed = path.stat().st_ctime_ns
    for age in (-5, 0, file_state.TICK - 1, file_state.TICK):
        monkeypatch.setattr(time, "time_ns", lambda age=age: changed + age)
        file_state.let_the_clock_go_on(path)
    assert naps == [file_state.TICK / 1e9, 1e-9]
    file_state.let_the_clock_go_on(path.with_name("gone"))
    monkeypatch.setattr(committer, "let_the_clock_go_on", lambda path: naps.append(path.name))
    shop.land()
    shop.land()
    assert naps[2:] == ["a.csv"], "only before a file is read"


@pytest.mark.parametrize("year", [1910, 1969, 2300, 2400])
def test_a_time_of_modification_of_any_year_is_taken(shop, year):
    path = shop.put("a.csv", TEXT)
    seconds = (year - 1970) * 31_556_952
    os.utime(path, (seconds, seconds))
    assert path.stat().st_mtime == seconds
    shop.only()
    assert shop.land().landed == []
    assert landing.missing_files(shop.landing, shop.warehouse) == []


def test_a_register_of_before_reads_each_file_once_more_and_loads_nothing(shop, monkeypatch):
    shop.put("a.csv", TEXT)
    shop.put("bad.csv", "x\n")
    refused = shop.land().refused
    old = [{**row, "modified_ns": 1} for row in shop.table("deliveries")]
    for row in old:
        del row["state"]
    folder = str(shop.home / "deliveries")
    write_deltalake(folder, pa.Table.from_pylist(old), mode="overwrite", schema_mode="overwrite")
    result = shop.land()
    assert (result.landed, result.refused, result.known_refused) == ([], [], refused)
    assert {"state"} < {field.name for field in DeltaTable(folder).schema().fields}
    monkeypatch.setattr(reader, "sha256_of", lambda path: pytest.fail("hashed again"))
    shop.land()
