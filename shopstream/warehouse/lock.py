"""One run at a time works on a warehouse."""

import fcntl
import os
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from shopstream.errors import BuildError


@contextmanager
def warehouse_lock(warehouse: Path):
    """Hold the warehouse for this process and its dbt; the lock ends when both have ended."""
    with (warehouse / ".build.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise BuildError(
                f"another build holds {warehouse}: {file.read().strip() or 'unknown'}. "
                "Wait for it to end"
            ) from None
        # dbt inherits it: were only this process killed, dbt would go on writing.
        os.set_inheritable(file.fileno(), True)
        file.truncate(0)
        file.write(f"process {os.getpid()} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")
        file.flush()
        yield


def note_dbt(warehouse: Path, pid: int) -> None:
    """Note which dbt the holder of the lock has started, for whoever waits for it."""
    lock = warehouse / ".build.lock"
    holder = lock.read_text().partition(", dbt ")[0]
    lock.write_text(f"{holder}, dbt {pid}")
