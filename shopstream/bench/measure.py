"""Run one command and watch its whole process tree."""

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from shopstream.processes import tree

EVERY_SECONDS = 0.2


@dataclass(frozen=True)
class Measured:
    """What a command took.

    peak_bytes is the largest sum of resident memory over the tree (shared pages count in each
    process); written_bytes is what its processes gave to the file system, spills and shuffles too.
    """

    seconds: float
    peak_bytes: int
    written_bytes: int
    code: int


def measure(command: list[str], *, env: dict[str, str], cwd: Path, log: Path) -> Measured:
    """Run `command` to its end; what it prints goes to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    written: dict[int, int] = {}
    peak = 0
    with log.open("w") as output:
        started = time.monotonic()
        process = subprocess.Popen(command, env=env, cwd=cwd, stdout=output, stderr=output)
        while process.poll() is None:
            peak = max(peak, _look_at(process.pid, written))
            try:
                process.wait(EVERY_SECONDS)
            except subprocess.TimeoutExpired:
                continue
        seconds = time.monotonic() - started
    return Measured(seconds, peak, sum(written.values()), process.returncode)


def _look_at(root: int, written: dict[int, int]) -> int:
    """Resident bytes of the tree now; notes what each of its processes has written so far."""
    resident = 0
    for process in tree(root):
        try:
            resident += process.memory_info().rss
            written[process.pid] = process.io_counters().write_bytes
        except psutil.Error:
            continue
    return resident
