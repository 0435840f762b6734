"""What a file is by its first bytes, and why some can't be read as events."""

import json
import re
from typing import NoReturn

from shopstream.intake.archives import PACKED, PACKED_BEGINS, Refused
from shopstream.intake.parquet import ENCRYPTED

_EXPORT = "export its rows as CSV and deliver that"
# Of an unpacked content; those that landing refuses itself are in csv_text.
_FOREIGN = (
    (rb"%PDF-", f"a PDF document: {_EXPORT}"),
    (rb"SQLite format 3\0", f"an SQLite database: {_EXPORT}"),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", f"an old Office document (.xls): {_EXPORT}"),
    (rb"ORC", "an ORC file: write it as Parquet and deliver that"),
    (rb"Obj\x01", "an Avro file: write it as Parquet and deliver that"),
    (rb"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it and deliver the files"),
    (rb"Rar!\x1a\x07", "a RAR archive: unpack it and deliver the files"),
    (rb"\xfd7zXZ\0", "xz: pack it with gzip or zstd instead"),
    (rb"\x04\x22\x4d\x18", "lz4: pack it with gzip or zstd instead"),
    (rb".{257}ustar", "a tar archive: unpack it and deliver the files"),
    (
        rb"\s*<(?i:!doctype\s+html|html|head|body)\b",
        "a web page, as a login or an error gives instead of a download: fetch the file again",
    ),
    (rb"\s*<\?xml|\s*<\w+[\s>]", f"XML: {_EXPORT}"),
    (
        rb"version https://git-lfs",
        "a pointer of Git LFS, not the file: fetch it with git lfs pull",
    ),
    (rb"PAR1", "a Parquet file"),
    ENCRYPTED,
)
# Control characters that text has no use for.
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_TOLD_BY_LANDING = (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff", b"PK\3\4", *PACKED_BEGINS.values())


def packing_of(start: bytes) -> str:
    """The packing that a file's first bytes show: gz, zst, bz2 or, for none, no word."""
    return next((name for name, mark in PACKED_BEGINS.items() if start.startswith(mark)), "")


def refuse_foreign(start: bytes, packing: str = "") -> None:
    """Raise Refused where the first bytes of a content are of something else than event text."""
    for pattern, words in _FOREIGN:
        if re.match(pattern, start, re.DOTALL):
            if packing:
                words = f"{PACKED[packing]} of {words}"
            raise Refused(f"this is {words}")


def refuse_binary(start: bytes) -> None:
    """Raise Refused where a content is no text; of some, wide encodings too, landing says it."""
    start = start[: 1 << 16]
    if start.startswith(_TOLD_BY_LANDING) or max(
        start[::2].count(0), start[1::2].count(0)
    ) * 3 > len(start):
        return
    if len(_NO_TEXT.findall(start)) * 50 > len(start):
        raise Refused(
            "binary data of no kind that is known: deliver text (CSV, JSON lines) or Parquet"
        )


def text_form(text: bytes) -> str:
    """`jsonl` or `csv`, by the first bytes of a text. Raises Refused for JSON of another form."""
    start = text.lstrip()
    if re.match(rb"\[\s*(?:[{\[\]]|$)", start):
        raise Refused("this is one JSON list: write it with jq -c '.[]' old > new.jsonl")
    if not start.startswith(b"{"):
        return "csv"
    first, _, rest = start.partition(b"\n")
    try:
        value = json.loads(first)
    except ValueError:
        if re.match(rb'\{\s*(?:"|$)', first):
            _refuse_one_document(start)
        return "csv"
    lists = [name for name, held in value.items() if _is_list_of_objects(held)]
    if lists and not rest.strip():
        _refuse_document(lists[0])
    return "jsonl"


def _refuse_one_document(start: bytes) -> None:
    list_in_it = re.match(rb'\{\s*"(\w+)"\s*:\s*\[', start)
    if list_in_it:
        _refuse_document(list_in_it[1].decode())
    raise Refused(
        "JSON objects over several lines: write one object a line with jq -c . old > new.jsonl"
    )


def _refuse_document(key: str) -> NoReturn:
    at = f".{key}" if key.isidentifier() else f".[{json.dumps(key)}]"
    raise Refused(f"this is one JSON object: write its rows with jq -c '{at}[]' old > new.jsonl")


def _is_list_of_objects(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(each, dict) for each in value)
