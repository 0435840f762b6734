"""One run at a time works on a warehouse, and one in a target folder."""

import fcntl
import os
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from shopstream.errors import BuildError

LOCK = ".build.lock"
TARGET_LOCK = ".run.lock"


@contextmanager
def warehouse_lock(warehouse: Path):
    """Hold the warehouse for this process and its dbt; the lock ends when both have ended."""
    with _held(warehouse / LOCK, "Wait for it to end"):
        yield


@contextmanager
def target_lock(target: Path):
    """Hold the folder in which dbt notes what it has built; see `warehouse_lock`."""
    target.mkdir(parents=True, exist_ok=True)
    with _held(target / TARGET_LOCK, "Wait for it, or set another DBT_TARGET_PATH"):
        yield


@contextmanager
def _held(lock: Path, remedy: str):
    """Hold a folder by a file in it. Raises BuildError where another process does."""
    with lock.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise BuildError(f"another build holds {lock.parent}: {holder}. {remedy}") from None
        # dbt inherits it: were only this process killed, dbt would go on writing.
        os.set_inheritable(file.fileno(), True)
        file.truncate(0)
        file.write(f"process {os.getpid()} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")
        file.flush()
        yield


def note_dbt(warehouse: Path, pid: int) -> None:
    """Note which dbt the holder of the lock has started, for whoever waits for it."""
    lock = warehouse / LOCK
    holder = lock.read_text().partition(", dbt ")[0]
    lock.write_text(f"{holder}, dbt {pid}")
