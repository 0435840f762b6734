"""Temporary files of an engine: rows of people, so private, and never left behind."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def private_folder(warehouse: Path, name: str) -> Iterator[Path]:
    """A folder in the warehouse that only its owner can enter, while it is needed.

    What a run that was killed left in it goes first.
    """
    folder = fresh_folder(warehouse, name)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fresh_folder(warehouse: Path, name: str) -> Path:
    """The same, for who removes it by the next start."""
    folder = warehouse / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    return folder


def kept_in(folder: Path) -> dict[str, str]:
    """The environment in which Python, Spark, Java and Sail have their temporary files there."""
    more = os.environ.get("JDK_JAVA_OPTIONS", "")
    return {
        "TMPDIR": str(folder),
        "SPARK_LOCAL_DIRS": str(folder),
        "JDK_JAVA_OPTIONS": f'{more} "-Djava.io.tmpdir={folder}"'.strip(),
    }
