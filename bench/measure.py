"""Run one command and watch its whole process tree."""

import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from shopstream.run.processes import tree

EVERY_SECONDS = 0.2


@dataclass(frozen=True)
class Measured:
    """What a command took.

    peak_bytes is the largest sum of resident memory over the tree (shared pages count in each
    process); written_bytes is what its processes gave to the file system, spills and shuffles too,
    at least: of a process that outlives its parent, what it wrote after the last look is missed.
    busy_elsewhere is the share of all cores' time that went to others (to a virtual machine's host
    too), 0 to 1: at 0.5 the command had half of the machine.
    """

    seconds: float
    peak_bytes: int
    written_bytes: int
    busy_elsewhere: float
    code: int


@dataclass
class Tree:
    """What was seen of a process tree: parents, bytes of orphans, seconds of processor time."""

    root: int
    parents: dict[int, int] = field(default_factory=dict)
    orphans: dict[int, int] = field(default_factory=dict)
    cpu: dict[int, float] = field(default_factory=dict)

    def look(self) -> int:
        """Resident bytes now; notes what each has used, and written where its parent is gone."""
        resident = 0
        for process in tree(self.root):
            try:
                with process.oneshot():
                    resident += process.memory_info().rss
                    self.parents.setdefault(process.pid, process.ppid())
            except psutil.Error:
                continue
        for pid, parent in self.parents.items():
            try:
                process = psutil.Process(pid)
                times = process.cpu_times()
                self.cpu[pid] = times.user + times.system
                if process.ppid() != parent:
                    self.orphans[pid] = _written(pid)
            except (psutil.Error, OSError):
                continue
        return resident


def measure(command: list[str], *, env: dict[str, str], cwd: Path, log: Path) -> Measured:
    """Run `command` to its end; what it prints goes to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    peak = 0
    with log.open("w") as output:
        busy, started = _busy(), time.monotonic()
        process = subprocess.Popen(command, env=env, cwd=cwd, stdout=output, stderr=output)
        seen = Tree(process.pid)
        try:
            while not _has_ended(process.pid):
                peak = max(peak, seen.look())
                time.sleep(EVERY_SECONDS)
        except BaseException:
            # It would go on beside whatever is measured next.
            for each in reversed(list(tree(process.pid))):
                each.kill()
            process.wait()
            raise
        seconds = time.monotonic() - started
        seen.look()
        elsewhere = max(0.0, _busy() - busy - sum(seen.cpu.values()))
        # Linux adds what a child wrote to its parent's count once the parent has waited for it.
        written = _written(process.pid) + sum(seen.orphans.values())
        code = process.wait()
    share = min(1.0, elsewhere / (seconds * os.cpu_count()))
    return Measured(seconds, peak, written, round(share, 3), code)


def _has_ended(pid: int) -> bool:
    """Whether a child has ended; it stays to be waited for, so that its counts can be read."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _written(pid: int) -> int:
    """Bytes that a process, an ended one too, and its children that it waited for have written."""
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))


def _busy() -> float:
    """Seconds that the machine's cores have worked, for whomever, since it started."""
    times = psutil.cpu_times()
    return sum(times) - times.idle - times.iowait - times.guest - times.guest_nice
