"""Packed text as a stream of its plain bytes. What is cut short or damaged raises an error."""

import bz2
import gzip
import io
from typing import BinaryIO

import pyarrow as pa


def unpacked(raw: BinaryIO, packing: str) -> BinaryIO:
    """The plain bytes of `raw`, which is packed as gz, zst, bz2, or, with no word, not at all."""
    if packing == "gz":
        return io.BufferedReader(gzip.GzipFile(fileobj=raw))
    if packing == "bz2":
        return io.BufferedReader(bz2.BZ2File(raw))
    if packing == "zst":
        # Python's reader of zstandard takes a part of a file for the whole.
        return io.BufferedReader(pa.CompressedInputStream(pa.PythonFile(raw, "r"), "zstd"))
    return raw
