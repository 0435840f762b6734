"""Run one command and watch its whole process tree."""

import os
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
    process); written_bytes is what its processes gave to the file system, spills and shuffles too,
    at least: of a process that outlives its parent, what it wrote after the last look is missed.
    """

    seconds: float
    peak_bytes: int
    written_bytes: int
    code: int


def measure(command: list[str], *, env: dict[str, str], cwd: Path, log: Path) -> Measured:
    """Run `command` to its end; what it prints goes to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    orphans: dict[int, int] = {}
    peak = 0
    with log.open("w") as output:
        started = time.monotonic()
        process = subprocess.Popen(command, env=env, cwd=cwd, stdout=output, stderr=output)
        parents: dict[int, int] = {}
        while not _has_ended(process.pid):
            peak = max(peak, _look_at(process.pid, parents, orphans))
            time.sleep(EVERY_SECONDS)
        seconds = time.monotonic() - started
        # Linux adds what a child wrote to its parent's count once the parent has waited for it.
        written = _written(process.pid) + sum(orphans.values())
        code = process.wait()
    return Measured(seconds, peak, written, code)


def _has_ended(pid: int) -> bool:
    """Whether a child has ended; it stays to be waited for, so that its counts can be read."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _written(pid: int) -> int:
    """Bytes that a process, an ended one too, and its children that it waited for have written."""
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))


def _look_at(root: int, parents: dict[int, int], orphans: dict[int, int]) -> int:
    """Resident bytes of the tree now; notes what processes have written whose parent is gone."""
    resident = 0
    for process in tree(root):
        try:
            resident += process.memory_info().rss
            parents.setdefault(process.pid, process.ppid())
        except psutil.Error:
            continue
    for pid, parent in parents.items():
        try:
            if psutil.Process(pid).ppid() != parent:
                orphans[pid] = _written(pid)
        except (psutil.Error, OSError):
            continue
    return resident
