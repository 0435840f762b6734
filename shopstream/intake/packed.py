"""Packed text as a stream of its plain bytes. What is cut short or damaged raises an error."""

import bz2
import gzip
import io
from typing import BinaryIO

import pyarrow as pa

from shopstream.intake.archives import Refused, too_much


def unpacked(raw: BinaryIO, packing: str, most: int) -> BinaryIO:
    """The plain bytes of `raw`, which is packed as gz, zst, bz2, or, with no word, not at all.

    To read more than `most` bytes of a packed one raises Refused.
    """
    if packing == "gz":
        return Limited(io.BufferedReader(gzip.GzipFile(fileobj=raw)), most)
    if packing == "bz2":
        return Limited(io.BufferedReader(bz2.BZ2File(raw)), most)
    if packing == "zst":
        # Python's reader of zstandard takes a part of a file for the whole.
        zstd = pa.CompressedInputStream(pa.PythonFile(raw, "r"), "zstd")
        return Limited(io.BufferedReader(zstd), most)
    return raw


class Limited:
    """A stream of at most so many bytes."""

    def __init__(self, stream: BinaryIO, most: int) -> None:
        self.stream, self.left = stream, most

    def read(self, size: int) -> bytes:
        """Up to `size` bytes. Raises Refused."""
        return self._counted(self.stream.read(size))

    def readline(self, size: int) -> bytes:
        """A line of up to `size` bytes. Raises Refused."""
        return self._counted(self.stream.readline(size))

    def _counted(self, piece: bytes) -> bytes:
        self.left -= len(piece)
        if self.left < 0:
            raise Refused(too_much())
        return piece
