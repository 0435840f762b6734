"""Which files are read: endings, kinds, and what a folder may hold beside them."""

import bz2
import gzip
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from deltalake import write_deltalake

from shopstream import sample
from shopstream.errors import BuildError
from shopstream.intake import landing
from shopstream.intake.columns import EVENT_COLUMNS
from shopstream.run.deliveries import choose_landing
from tests.helpers.shop import HEADER, LINE, ROW, cells

TEXT = f"{HEADER}\n{LINE}\n"
PACK = {"gz": gzip.compress, "bz2": bz2.compress, "zst": zstandard.ZstdCompressor().compress}
OBJECT = dict(zip(EVENT_COLUMNS, ROW, strict=True))
JSON_LINE = json.dumps(OBJECT)


# --- endings -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.csv.zst", "a.dat", "A.TSV", "x/b.json", "c"])
def test_files_that_cannot_be_read_are_no_reason_for_the_sample(
    settings,  # noqa: F811
    monkeypatch,
    name,
):
    shop = replace(settings, landing=settings.sample / "here", warehouse=settings.sample / "new")
    shop.warehouse.mkdir()
    file = shop.landing / name
    file.parent.mkdir(parents=True)
    file.write_text("x")
    monkeypatch.setattr(sample, "generate", lambda *_: pytest.fail("made a sample"))
    if name == "a.csv.zst":
        assert choose_landing(shop) == shop.landing
        return
    with pytest.raises(BuildError, match=rf"but {name}\. Read are .*\.csv\.zst.*any case"):
        choose_landing(shop)
    assert not list(shop.warehouse.iterdir())


@pytest.mark.parametrize("packing", PACK)
@pytest.mark.parametrize("form", ["csv", "jsonl", "CSV", "JSONL"])
def test_text_is_read_in_any_packing_and_case(shop, form, packing):
    text = TEXT if form.lower() == "csv" else JSON_LINE + "\n"
    whole = PACK[packing](text.encode())
    shop.put(f"a.{form}.{packing}", whole + whole if form == "jsonl" else whole)
    landed, rows = shop.only()
    assert landed.format == f"{form.lower()}.{packing}"
    assert {cells(row) for row in rows} == {ROW}
    assert len(rows) == (2 if form == "jsonl" else 1)


@pytest.mark.parametrize("packing", PACK)
def test_a_part_of_a_packed_file_is_no_file(shop, packing):
    whole = PACK[packing](f"{HEADER}\n{(LINE + chr(10)) * 1000}".encode())
    shop.put(f"a.csv.{packing}", whole[:-12])
    assert "deliver it again" in shop.reason(f"a.csv.{packing}")


@pytest.mark.parametrize(("packing", "magic"), [("zst", "zstd"), ("bz2", "bzip2")])
def test_a_packed_file_that_is_named_plain_is_told_its_ending(shop, packing, magic):
    shop.put("a.csv", PACK[packing](TEXT.encode()))
    assert f"{magic}: let its name end in .csv.{packing}" in shop.reason("a.csv")


# --- JSON lines ----------------------------------------------------------------------------------


def test_json_values_are_read_as_they_are_written(shop):
    shop.put("a.json.gz", gzip.compress(JSON_LINE.encode()))
    values = (
        '"USER_ID": 12345678901234567890, "price": 1.10, "brand": true, "x": {"y": 1, "y": [2]}'
    )
    shop.put("b.jsonl", f'{{"event_time": "t", "event_type": "", "product_id": null, {values}}}')
    a, b = shop.land().landed
    assert (a.format, a.source_file) == ("jsonl.gz", "a.json.gz")
    assert [cells(row) for row in shop.rows(a)] == [ROW]
    expected = dict.fromkeys(EVENT_COLUMNS) | {
        "event_time": "t",
        "user_id": "12345678901234567890",
        "brand": "true",
        "price": "1.10",
    }
    (row,) = shop.rows(b)
    assert {column: row[column] for column in EVENT_COLUMNS} == expected
    assert b.notes == (
        "missing columns, taken as null: category_id, category_code, user_session; "
        "extra columns, ignored: x"
    )


def test_a_json_line_that_is_no_object_of_single_values_is_a_bad_row(shop):
    bad = [
        "[1]",
        "7",
        "not json",
        JSON_LINE[:-1],
        '{"price": [1]}',
        '{"price": {"a": 1}}',
        '{"price": 1, "Price": 2}',
        '{"brand": "\\ud800"}',
        "[" * 5000,
    ]
    lines = [JSON_LINE, *bad, "", JSON_LINE]
    shop.put("a.jsonl", "\ufeff" + "\r\n".join(lines).encode().decode() + "\n")
    landed, rows = shop.only()
    assert [row["bad_row"] for row in rows] == [None, *bad, None]
    assert [row["row_number"] for row in rows] == list(range(1, len(bad) + 3))
    assert (cells(rows[0]), cells(rows[-1])) == (ROW, ROW)
    assert landed.rows_read == len(bad) + 2


def test_bytes_that_are_not_utf8_make_a_json_line_a_bad_row(shop):
    shop.put("a.jsonl", JSON_LINE.encode() + b'\n{"brand": "\xff"}\n')
    _, rows = shop.only()
    assert [row["bad_row"] for row in rows] == [None, r'{"brand": "\xff"}']


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("\n \n", "empty"),
        (f"[{JSON_LINE}]", r"one JSON list: write it with jq -c '\.\[\]'"),
        ('{"event_time": 1, "uid": 2}', "missing event_type, product_id, user_id; found .*uid"),
        (TEXT, "missing .*write one JSON object a line"),
    ],
)
def test_json_that_holds_no_events_is_refused_with_a_remedy(shop, text, reason):
    shop.put("a.jsonl", text)
    assert re.search(reason, shop.reason("a.jsonl"))


# --- tables are no deliveries ---------------------------------------------------------------------


def delta_table(folder: Path) -> None:
    rows = pa.table({c: [v, v] for c, v in OBJECT.items()})
    write_deltalake(folder, rows)
    write_deltalake(folder, rows.slice(1), mode="overwrite")


@pytest.mark.parametrize(
    ("mark", "kind"),
    [
        ("_delta_log/0.json", "a Delta table"),
        ("metadata/v1.metadata.json", "an Iceberg table"),
        (".hoodie/hoodie.properties", "a Hudi table"),
        ("shopstream_landing.db/x", "a warehouse of shopstream"),
    ],
)
@pytest.mark.parametrize("folder", ["t", "x/t.parquet"])
def test_a_folder_that_is_a_table_is_refused_by_its_name(shop, mark, kind, folder):
    shop.put(f"{folder}/{mark}", "{}")
    shop.put(f"{folder}/brand=a/part-0.csv", TEXT)
    shop.put("good.csv", TEXT)
    result = shop.land()
    assert [file.source_file for file in result.landed] == ["good.csv"]
    (refused,) = result.refused
    assert refused.source_file == folder and refused.reason.startswith(kind)
    assert [row["source_file"] for row in shop.table("refused_files")] == [folder]
    assert shop.land().known_refused == [refused]


def test_a_landing_folder_that_is_a_table_lands_none_of_its_files(shop):
    delta_table(shop.landing)
    assert "a Delta table" in shop.reason(".")


def test_a_folder_of_metadata_beside_files_is_no_table(shop):
    shop.put("metadata/notes.json", "{}")
    shop.put("metadata/a.csv", TEXT)
    assert shop.only()[0].source_file == "metadata/a.csv"


@pytest.mark.parametrize("folder", ["", "in/t/"])
def test_files_of_a_table_in_a_zip_are_refused(shop, folder):
    members = {f"{folder}_delta_log/0.json": "{}", f"{folder}day=1/a.csv": TEXT}
    beside = {"in/b.csv": TEXT} if folder else {}
    shop.put_zip("a.zip", members | beside)
    result = shop.land()
    assert [file.source_file for file in result.landed] == ["a.zip/in/b.csv"] * len(beside)
    (refused,) = result.refused
    assert refused.source_file == f"a.zip/{folder}day=1/a.csv"
    assert "it is of a table" in refused.reason


def test_links_into_the_tables_of_the_warehouse_bring_nothing_in(shop):
    shop.put("a.csv", TEXT)
    (landed,) = shop.land().landed
    copies = shop.home / "landed_rows"
    (shop.landing / "folder").symlink_to(copies)
    (shop.landing / "file.parquet").symlink_to(copies / f"{landed.file_sha256}.parquet")
    result = shop.land()
    assert result.landed == []
    assert [(f.source_file, f.reason[:23]) for f in result.refused] == [
        ("file.parquet", "a link into the warehou")
    ]


def test_a_landing_folder_beside_the_tables_is_read(shop):
    folder = shop.warehouse / "incoming"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text(TEXT)
    assert len(landing.land(folder, shop.warehouse).landed) == 1


# --- values of the path --------------------------------------------------------------------------

NO_TYPE = [c for c in EVENT_COLUMNS if c not in ("event_type", "brand")]
FEW = {column: OBJECT[column] for column in NO_TYPE}


def put_without_type(shop, folder: str, form: str) -> None:
    """A row without event_type and brand, and for CSV a bad row behind it."""
    name = f"{folder}/part-0.{form}"
    if form == "parquet":
        (shop.landing / folder).mkdir(parents=True)
        pq.write_table(pa.table({c: [v] for c, v in FEW.items()}), shop.landing / name)
    elif form.startswith("jsonl"):
        shop.put(name, json.dumps(FEW) + "\n")
    else:
        shop.put(name, f"{','.join(NO_TYPE)}\n{','.join(FEW.values())}\nbad\n")


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_a_column_that_is_just_called_quantity_or_currency_is_ignored(shop, form):
    row = {**OBJECT, "quantity": "2", "Currency": "EUR"}
    name = f"quantity=3/a.{form}"
    if form == "parquet":
        path = shop.put(name, "")
        pq.write_table(pa.table({column: [value] for column, value in row.items()}), path)
    elif form == "csv":
        shop.put(name, f"{','.join(row)}\n{','.join(row.values())}\n")
    else:
        shop.put(name, json.dumps(row))
    landed, (read,) = shop.only()
    assert (read["quantity"], read["currency"]) == (None, None)
    assert cells(read) == ROW
    assert landed.notes.lower() == "extra columns, ignored: quantity, currency"


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_values_that_only_the_path_holds_are_read_from_it(shop, form):
    for folder, event_type, brand in (
        ("event_date=2019-10-01/event_type=view/BRAND=it%27s a", "view", "it's a"),
        ("event_date=2019-10-01/event_type=cart/brand=__HIVE_DEFAULT_PARTITION__", "cart", None),
        ("event_type=cart/event_type=purchase/brand=", "purchase", None),
    ):
        put_without_type(shop, folder, form)
        landed, rows = shop.only()
        assert {c: rows[0][c] for c in EVENT_COLUMNS} == {
            **FEW,
            "event_type": event_type,
            "brand": brand,
        }
        assert [row["bad_row"] for row in rows] == [None, "bad"][: len(rows)]
        assert len(rows) == 1 + (form == "csv")
        assert form == "jsonl" or landed.notes == "read from the path: event_type, brand"
    assert len(shop.table("landed_files")) == 3, "the same bytes are other events"
    assert (shop.land().landed, landing.missing_files(shop.landing, shop.warehouse)) == ([], [])


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_a_value_of_the_file_stands_before_that_of_the_path(shop, form):
    folder = shop.landing / "event_type=cart" / "price=1"
    folder.mkdir(parents=True)
    name = f"event_type=cart/price=1/a.{form}"
    if form == "parquet":
        shop.put_parquet(name)
    else:
        shop.put(name, TEXT if form == "csv" else JSON_LINE)
    landed, rows = shop.only()
    assert [cells(row) for row in rows] == [ROW]
    sha = hashlib.sha256((shop.landing / name).read_bytes()).hexdigest()
    assert form == "jsonl" or landed.file_sha256 == sha


def test_a_date_in_the_path_is_no_time(shop):
    shop.put("event_date=2019-10-01/a.csv", "event_type,product_id,user_id\nview,1,2\n")
    assert "missing event_time" in shop.reason("event_date=2019-10-01/a.csv")


def test_files_with_values_of_the_path_are_read_again_and_found_in_zips(shop):
    text = f"{','.join(NO_TYPE)}\n{','.join(FEW.values())}\n"
    shop.put_zip("a.zip", {f"event_type={t}/a.csv": text for t in ("view", "cart")})
    result = shop.land()
    assert [shop.rows(file)[0]["event_type"] for file in result.landed] == ["cart", "view"]
    landing.drop_work_copies(shop.warehouse)
    landing.reread(shop.landing, shop.warehouse, {result.landed[1].file_sha256})
    assert [row["event_type"] for row in shop.rows(result.landed[1])] == ["view"]
