"""Hand-made files in a landing folder, and what landing makes of them."""

import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from itertools import product
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from shopstream.intake.columns import EVENT_COLUMNS
from shopstream.intake.landing import land
from shopstream.intake.work_copy import EXACT_TYPES

HEADER = ",".join(EVENT_COLUMNS)
ROW = (
    "2019-10-01 00:00:00 UTC",
    "view",
    "1003461",
    "2053013555631882655",
    "electronics.smartphone",
    "xiaomi",
    "489.07",
    "520088904",
    "4d3b30da-a5e4-49df-b1a8-ba5943f1dd33",
)
LINE = ",".join(ROW)
# The shortest legal file, for tests of the layout of text
SHORT = "event_time,event_type,product_id,user_id"


class Shop:
    """A landing folder and a warehouse in a temporary directory."""

    def __init__(self, folder: Path) -> None:
        self.landing, self.warehouse = folder / "landing", folder / "warehouse"
        self.landing.mkdir()
        self.home = self.warehouse / "shopstream_landing.db"

    def put(self, name: str, content: bytes | str) -> Path:
        path = self.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def describe(self, text: str, name: str = "a") -> None:
        """Put a description of a source into the landing folder."""
        self.put(f"sources/{name}.yml", text)

    def put_parquet(self, name: str = "a.parquet", **columns) -> Path:
        """One row of the usual values unless columns say otherwise."""
        rows = max((len(values) for values in columns.values()), default=1)
        usual = {c: [v] * rows for c, v in zip(EVENT_COLUMNS, ROW, strict=True)}
        path = self.landing / name
        pq.write_table(pa.table({**usual, **columns}), path)
        return path

    def put_zip(self, name: str, members: dict, compression=zipfile.ZIP_DEFLATED) -> Path:
        path = self.landing / name
        with zipfile.ZipFile(path, "w", compression) as archive:
            for member, content in members.items():
                archive.writestr(member, content)
        return path

    def land(self, **options):
        return land(self.landing, self.warehouse, **options)

    def rows(self, landed) -> list[dict]:
        """The work copy of a landed file, typed values shown as the models show them."""
        copy = self.home / "landed_rows" / f"{landed.file_sha256}.parquet"
        rows = pq.read_table(copy).to_pylist()
        for row, column in product(rows, EXACT_TYPES):
            if (exact := row.pop(f"{column}_exact")) is not None:
                assert row[column] is None
                row[column] = shown(exact)
        return rows

    def table(self, name: str) -> list[dict]:
        return DeltaTable(str(self.home / name)).to_pyarrow_table().to_pylist()

    def only(self) -> tuple:
        """Land, expect one file without a refusal: its register entry and rows."""
        result = self.land()
        assert result.refused == []
        (landed,) = result.landed
        return landed, self.rows(landed)

    def reason(self, name: str) -> str:
        """Land, expect nothing but a refusal of this name: its reason."""
        result = self.land()
        assert result.landed == []
        (refused,) = result.refused
        assert refused.source_file == name
        assert "\n" not in refused.reason
        return refused.reason


def shown(value: datetime | Decimal | int) -> str:
    if not isinstance(value, datetime):
        return str(value)
    fraction = f".{value:%f}".rstrip("0").rstrip(".")
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}{fraction} UTC"


def cells(row: dict) -> tuple:
    return tuple(row[column] for column in EVENT_COLUMNS)


def short(row: dict) -> tuple:
    return tuple(row[c] for c in ("event_time", "event_type", "product_id", "user_id"))
