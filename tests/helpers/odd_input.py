"""Odd and broken input files as they are delivered, and what has to become of each."""

import base64
import io
import zipfile
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe

from shopstream.intake.columns import EVENT_COLUMNS

HEADER = ",".join(EVENT_COLUMNS)
TIME = "2019-10-05 10:00:00"


def row(number: int, **values: str) -> str:
    """A usable CSV row with some of its values replaced."""
    usual = dict(zip(HEADER.split(","), row_values(number), strict=True))
    return ",".join({**usual, **values}.values())


def row_values(number: int) -> list[str]:
    return [f"{TIME} UTC", "view", str(number), "7", "a.b", "acme", "10.00", "501", "s"]


def text(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def parquet(columns: dict[str, list]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


class PlainKeys(pe.KmsClient):
    """Gives keys out as they are, so that a test can encrypt."""

    def wrap_key(self, key: bytes, name: str) -> bytes:
        return base64.b64encode(key)

    def unwrap_key(self, wrapped: bytes, name: str) -> bytes:
        return base64.b64decode(wrapped)


def encrypted(columns: dict[str, list], **how) -> bytes:
    factory = pe.CryptoFactory(lambda _: PlainKeys())
    made = pe.EncryptionConfiguration(footer_key="k", **how)
    keys = factory.file_encryption_properties(pe.KmsConnectionConfig(), made)
    sink, table = io.BytesIO(), pa.table(columns)
    with pq.ParquetWriter(sink, table.schema, encryption_properties=keys) as writer:
        writer.write_table(table)
    return sink.getvalue()


def zipped(**members: str | bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return sink.getvalue()


@dataclass
class Kind:
    """A file as delivered, and what has to become of it.

    fates: rows accepted, duplicate, out of window, quarantined; None when the file is refused.
    reasons: of the quarantined rows, sorted. refused: what the reason has to say, by name below it.
    """

    name: str
    files: dict[str, bytes]
    fates: tuple[int, int, int, int] | None = None
    reasons: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def good(number: int) -> bytes:
    """Two usable rows; a number of its own keeps a content from being another kind's content."""
    return text(row(number), row(number + 1))


TYPED = {
    "event_time": [datetime(2019, 10, 5, 10)] * 2,
    "event_type": ["view", "cart"],
    "product_id": [1, 2],
    "user_id": [501, 502],
    "price": [1.5, 2.5],
}
AGAIN = "deliver it again, whole"
RETYPED = TYPED | {"product_id": [1.0, 2.0], "user_id": ["501", "+502"], "price": ["1.5", "2.5"]}
