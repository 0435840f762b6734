"""A small file that unpacks to a huge one is refused, and a setting says from where on."""

import bz2
import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from shopstream import config
from shopstream.errors import SettingsError
from shopstream.intake import archives
from shopstream.intake.columns import EVENT_COLUMNS
from tests.helpers.shop import HEADER, LINE, ROW, Shop

LINES = 20_000
CSV = (f"{HEADER}\n" + f"{LINE}\n" * LINES).encode()
JSON = (json.dumps(dict(zip(EVENT_COLUMNS, ROW, strict=True))) + "\n").encode() * LINES


@pytest.fixture
def shop(tmp_path, monkeypatch) -> Shop:
    monkeypatch.setattr(archives, "RATIO_MATTERS_FROM", 100_000)
    monkeypatch.setenv("SHOPSTREAM_MAX_RATIO", "20")
    return Shop(tmp_path)


def put(shop: Shop, name: str) -> None:
    if name.endswith(".parquet"):
        rows = pa.table({c: [v] * LINES for c, v in zip(EVENT_COLUMNS, ROW, strict=True)})
        pq.write_table(rows, shop.landing / name)
    elif name.endswith(".zip"):
        shop.put_zip(name, {"a.csv.gz": gzip.compress(CSV, 1)})
    else:
        packing = name.rsplit(".", 1)[1]
        pack = {"gz": gzip, "bz2": bz2, "zst": zstandard}[packing].compress
        shop.put(name, pack(JSON if "json" in name else CSV))


@pytest.mark.parametrize(
    "name", ["a.csv.gz", "a.csv.bz2", "a.csv.zst", "a.jsonl.gz", "a.parquet", "a.zip"]
)
def test_what_unpacks_to_too_much_is_refused_and_a_setting_lets_it_in(shop, monkeypatch, name):
    put(shop, name)
    refused = "a.zip/a.csv.gz" if name == "a.zip" else name
    assert shop.reason(refused).startswith(
        "it unpacks to over 20 times its size: if it is real, set SHOPSTREAM_MAX_RATIO"
    )
    monkeypatch.setenv("SHOPSTREAM_MAX_RATIO", "100000")
    (shop.landing / name).touch()
    (landed,) = shop.land().landed
    assert landed.rows_read == LINES


def test_a_small_file_may_unpack_to_any_multiple(shop, monkeypatch):
    monkeypatch.setattr(archives, "RATIO_MATTERS_FROM", 100 << 20)
    put(shop, "a.csv.gz")
    assert shop.only()[0].rows_read == LINES


def test_by_default_a_megabyte_of_parquet_brings_no_thirty_million_rows(tmp_path, monkeypatch):
    monkeypatch.delenv("SHOPSTREAM_MAX_RATIO", raising=False)
    shop = Shop(tmp_path)
    batch = pa.table(
        {
            c: pa.repeat(pa.scalar(v), 1_000_000).dictionary_encode()
            for c, v in zip(EVENT_COLUMNS, ROW, strict=True)
        }
    )
    with pq.ParquetWriter(shop.landing / "a.parquet", batch.schema) as writer:
        for _ in range(30):
            writer.write_table(batch, row_group_size=1_000_000)
    assert (shop.landing / "a.parquet").stat().st_size < 1_100_000
    assert "over 200 times its size" in shop.reason("a.parquet")


def test_a_ratio_that_is_no_number_is_told(monkeypatch):
    monkeypatch.setenv("SHOPSTREAM_MAX_RATIO", "0")
    with pytest.raises(SettingsError, match="a whole number above 0"):
        config.check_environment()
