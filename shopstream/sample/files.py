"""Write the days as files, CSV or Parquet, with a few rows that nobody can use."""

import io
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from shopstream.intake.columns import EVENT_COLUMNS
from shopstream.intake.sources import FOLDER
from shopstream.sample.catalogue import Columns
from shopstream.sample.day import EVENT_TYPES, delivered_rows, with_dirt
from shopstream.sample.hashing import draw
from shopstream.sample.shop import Shop, make_shop

# The sample is like that data set, and has its window: rows out of it are part of the dirt.
DESCRIPTION = """\
# How the sample's files are read: docs/how-to/sources.md.
files: ["events_*"]
preset: rees46
"""
BROKEN_CSV = ((0, "2019-13-45 99:00:00 UTC"), (6, "free"), (7, "guest"), (2, "n/a"))
BROKEN_PARQUET = (("event_time", None), ("price", float("inf")))


def session_texts(names: np.ndarray, missing: np.ndarray) -> pa.Array:
    """Return the session ids as text like 72d76fde-8bb3-4e00-8c23-a032dfed738c."""
    digits = np.frombuffer(b"0123456789abcdef", np.uint8)
    halves = np.stack([draw(names, 1), draw(names, 2)], axis=1).astype(">u8")
    octets = halves.view(np.uint8).reshape(-1, 16)
    hexes = np.stack([digits[octets >> 4], digits[octets & 15]], axis=2).reshape(-1, 32)
    text = np.full((len(names), 36), ord("-"), np.uint8)
    for to, start, end in ((0, 0, 8), (9, 8, 12), (14, 12, 16), (19, 16, 20), (24, 20, 32)):
        text[:, to : to + end - start] = hexes[:, start:end]
    text[:, 14] = ord("4")
    offsets = np.arange(len(names) + 1, dtype="<i4") * 36
    array = pa.StringArray.from_buffers(len(names), pa.py_buffer(offsets), pa.py_buffer(text))
    return pc.if_else(pa.array(missing), None, array) if missing.any() else array


def table_of(shop: Shop, rows: Columns) -> pa.Table:
    """Return the rows as typed columns in the real order; price is in whole cents."""
    user_id = 510_000_000 + (rows["user"] * 31_415_927 + shop.root % 1000) % 50_000_000
    category_id = 2_053_013_551_000_000_000 + rows["category"] * 137_438_953_481
    time = pa.array(rows["time"] * 1_000_000).cast(pa.timestamp("us", "UTC"))
    columns = [
        time,
        pa.array(EVENT_TYPES).take(pa.array(rows["type"])),
        pa.array(rows["product_id"]),
        pa.array(category_id),
        pa.array(shop.catalogue.codes).take(pa.array(rows["category"])),
        pa.array(shop.catalogue.brands).take(pa.array(rows["brand"])),
        pa.array(rows["cents"]),
        pa.array(user_id, mask=rows["no_user"]),
        session_texts(rows["name"], rows["no_name"]),
    ]
    return pa.table(columns, names=list(EVENT_COLUMNS))


def rows_to_break(table: pa.Table) -> pa.Table:
    """Return the few rows, from the middle of the day, of which unusable copies are made."""
    return table.slice(table.num_rows // 2, 1 + table.num_rows // 200_000)


def write_parquet(table: pa.Table, day: int, path: Path) -> None:
    """Write the day's table, and rows that Parquet can hold but nobody can use."""
    at = table.schema.get_field_index("price")
    price = pa.array(table["price"].to_numpy() / 100)
    table = table.set_column(at, "price", price)
    broken = rows_to_break(table)
    kind = (day + np.arange(broken.num_rows)) % len(BROKEN_PARQUET)
    for number, (name, value) in enumerate(BROKEN_PARQUET):
        column = broken.schema.get_field_index(name)
        value = pa.scalar(value, broken.schema.field(name).type)
        values = pc.if_else(pa.array(kind == number), value, broken[name])
        broken = broken.set_column(column, name, values)
    pq.write_table(
        pa.concat_tables([table, broken]),
        path,
        version="2.6",
        data_page_version="1.0",
        compression="zstd",
        compression_level=1,
        row_group_size=500_000,
        use_dictionary=list(EVENT_COLUMNS[1:-1]),
        store_schema=False,
    )


def csv_lines(table: pa.Table) -> bytes:
    """Return the table as lines of the real file's style, without the header."""
    second = table["event_time"].combine_chunks().cast(pa.timestamp("s")).cast(pa.string())
    cents = np.zeros((table.num_rows, 2), "<i8")  # a decimal is 16 bytes, low half first
    cents[:, 0] = table["price"].to_numpy()
    price = pa.Array.from_buffers(pa.decimal128(12, 2), len(cents), [None, pa.py_buffer(cents)])
    at = table.schema.get_field_index("price")
    table = table.set_column(at, "price", price)
    table = table.set_column(0, "event_time", pc.binary_join_element_wise(second, "UTC", " "))
    lines = io.BytesIO()
    options = pa_csv.WriteOptions(include_header=False, quoting_style="none", batch_size=65_536)
    pa_csv.write_csv(table, lines, options)
    return lines.getvalue()


def write_csv(table: pa.Table, day: int, path: Path) -> None:
    """Write the day's table, and lines that nobody can use."""
    broken = csv_lines(rows_to_break(table)).decode().splitlines()
    with path.open("wb") as file:
        file.write(f"{','.join(EVENT_COLUMNS)}\n".encode())
        for start in range(0, table.num_rows, 500_000):
            file.write(csv_lines(table.slice(start, 500_000)))
        for number, line in enumerate(broken):
            fields = line.split(",")
            kind = (day + number) % (len(BROKEN_CSV) + 1)
            if kind < len(BROKEN_CSV):
                fields[BROKEN_CSV[kind][0]] = BROKEN_CSV[kind][1]
            else:
                fields = fields[:7]
            file.write((",".join(fields) + "\n").encode())


def write_day(shop: Shop, day: int, target: Path, file_format: str) -> Path:
    """Write one day's file under a temporary name, then give it its own."""
    path = target / f"events_{shop.start + timedelta(days=day)}.{file_format}"
    unfinished = path.with_name(path.name + ".tmp")
    table = table_of(shop, with_dirt(delivered_rows(shop, day)))
    write = write_csv if file_format == "csv" else write_parquet
    write(table, day, unfinished)
    os.replace(unfinished, path)
    return path


def generate(
    target: Path,
    *,
    events: int = 250_000,
    seed: int = 20191001,
    file_format: Literal["csv", "parquet"] = "csv",
    days: int = 31,
    start: date = date(2019, 10, 1),
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Write one file per day into target and return their paths, in order; and their description.

    events is a rate: rows per 31 days. A day's file depends on seed, rate, start and format, not
    on days, so days=32 writes the same 31 files and the next one. on_progress gets the number of
    files written and of all files.
    """
    if events < 1 or days < 1:
        raise ValueError("events and days must be at least 1")
    if file_format not in ("csv", "parquet"):
        raise ValueError(f"file_format must be csv or parquet, not {file_format}")
    (target / FOLDER).mkdir(parents=True, exist_ok=True)
    (target / FOLDER / "sample.yml").write_text(DESCRIPTION)
    shop = make_shop(events, seed, days, start)
    paths = []
    with ThreadPoolExecutor(2) as pool:
        for path in pool.map(lambda day: write_day(shop, day, target, file_format), range(days)):
            paths.append(path)
            if on_progress:
                on_progress(len(paths), days)
    return paths
