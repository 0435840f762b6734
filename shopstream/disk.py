"""Files that are whole whenever the power goes; the limit of open ones."""

import ctypes
import os
import resource
from pathlib import Path

_C = ctypes.CDLL(None, use_errno=True)


def write(path: Path, text: str, *, mode: int = 0o666) -> None:
    """Write a file in one step: whoever opens it finds all of the old text or all of the new."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_all(folder: Path) -> None:
    """Have all that was written to the file system of a folder on the disk, whoever wrote it."""
    if not hasattr(_C, "syncfs"):  # it is Linux's
        os.sync()
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        if _C.syncfs(handle):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    finally:
        os.close(handle)


def too_many_files() -> str:
    """The limit that was met, and what to do."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (
        f"too many open files: the limit is {limit:,} (ulimit -n); raise it, such as by "
        "ulimit -n 4096, and run it again"
    )
