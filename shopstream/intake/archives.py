"""Zip deliveries: which members may be read, and how one is taken out of its archive."""

import errno
import hashlib
import os
import re
import shutil
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZIP_STORED, ZipFile, ZipInfo

from shopstream.intake.foreign_tables import EXPORT, table_folders_in
from shopstream.plain import plain

# 30 times the largest known month as CSV: above it, a size is an error or an attack.
MAX_MEMBER_BYTES = 200 << 30
# Click-streams deflate 5 to 30 times; deflate itself can reach 1,030. Small members can't hurt.
MAX_RATIO = 200
RATIO_MATTERS_FROM = 100 << 20


# A longer ending comes before the one it ends in. `.json` alone is what notes beside files are.
PACKED = {"gz": "gzip", "zst": "zstd", "bz2": "bzip2"}
PACKED_BEGINS = {"gz": b"\x1f\x8b", "zst": b"\x28\xb5\x2f\xfd", "bz2": b"BZh"}
ENDINGS = (
    *(f"{text}.{packing}" for text in ("csv", "jsonl") for packing in PACKED),
    *("json.gz", "csv", "jsonl", "parquet", "zip"),
)
READABLE = ", ".join(f".{ending}" for ending in ENDINGS)
EMPTY = "empty (0 bytes): remove it or deliver it again"
NO_MEMBERS = "the archive holds no csv, jsonl or parquet file"


class Refused(Exception):
    """A file that can't be read as events. The message says what is wrong and what to do."""


def event_format(name: str) -> str | None:
    """The format that a file's name promises, or None for a name that is no delivery."""
    lower = name.lower()
    ending = next((ending for ending in ENDINGS if lower.endswith("." + ending)), None)
    return ending and ending.replace("json.", "jsonl.")


def name_in(container: str, member: str) -> str:
    """The name of a member of a zip, as landing knows it."""
    return f"{container}/{plain(member)}"


def event_members(
    archive: ZipFile, format_of: Callable[[str], str | None] = event_format
) -> Iterator[tuple[ZipInfo, str | None]]:
    """Each member that carries events, once per name, with what speaks against reading it."""
    times = Counter(info.filename for info in archive.infolist())
    held = os.stat(archive.filename).st_size
    tables = tuple(table_folders_in(archive.NameToInfo))
    for name, info in sorted(archive.NameToInfo.items()):
        hidden = any(p.startswith(".") and p not in (".", "..") for p in name.split("/"))
        if format_of(name) and not hidden:
            in_table = f"it is of a table, which is more than its files: {EXPORT}"
            yield info, in_table if name.startswith(tables) else _objection(info, times[name], held)


def _objection(info: ZipInfo, times: int, held: int) -> str | None:
    name = info.filename
    if name != info.orig_filename or "\\" in name or re.match(r"/|[A-Za-z]:", name):
        return "its path is not a plain relative one: pack it again with relative paths"
    if ".." in name.split("/"):
        return "its path leads out of the archive ('..'): pack it again without"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "it is a link: pack the file itself"
    if info.flag_bits & 0x1:
        return "it is encrypted: deliver it without a password"
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED, ZIP_BZIP2, ZIP_LZMA):
        return f"it is packed by method {info.compress_type}: pack it again with Deflate"
    if event_format(name) == "zip":
        return "a zip inside a zip is not opened: deliver the inner one by itself"
    if times > 1:
        return f"the archive holds {times} members of this name: give each its own"
    # before sizes are judged: a declared one would else count as a disk that is too small
    if info.header_offset + info.compress_size > held:
        return "the archive says it is longer than the archive itself: pack it again"
    if info.file_size > MAX_MEMBER_BYTES:
        return f"it unpacks to {info.file_size:,} bytes, more than {MAX_MEMBER_BYTES:,}: split it"
    if info.file_size > most_unpacked(info.compress_size):
        return too_much()
    return None


def max_ratio() -> int:
    """To how many times its size a file may unpack."""
    return int(os.environ.get("SHOPSTREAM_MAX_RATIO") or MAX_RATIO)


def most_unpacked(size: int) -> int:
    """Bytes that a file or member may unpack to which takes up `size` in the landing folder."""
    return min(max(RATIO_MATTERS_FROM, max_ratio() * size), MAX_MEMBER_BYTES)


def too_much() -> str:
    """The reason against a file that unpacks to more."""
    return (
        f"it unpacks to over {max_ratio()} times its size: if it is real, set SHOPSTREAM_MAX_RATIO "
        "to more and touch the file, or deliver it in parts"
    )


def extract(archive: ZipFile, info: ZipInfo, target: Path) -> str:
    """Unpack one member into `target` and return the sha256 of its bytes.

    zipfile never hands out more than the declared size, and checks the CRC at its end, so a
    member that declares too little fails here instead of filling the disk.
    """
    if info.file_size > shutil.disk_usage(target.parent).free:
        raise OSError(errno.ENOSPC, f"{info.filename} unpacks to {info.file_size:,} bytes")
    digest = hashlib.sha256()
    with archive.open(info) as source, target.open("wb") as sink:
        while piece := source.read(1 << 20):
            digest.update(piece)
            sink.write(piece)
    return digest.hexdigest()
