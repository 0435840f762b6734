"""Whether a file is as it was when it was read, without reading it again."""

import time
from pathlib import Path

State = tuple[int, str]
SECOND = 1_000_000_000
# Clocks of file systems: the kernel's tick is 10 ms at most; some keep whole seconds, or two.
TICK, COARSE_TICK = SECOND // 50, 2 * SECOND


def state_of(path: Path) -> State | None:
    """Size, and times and number of the file as text; None where it is gone.

    The time of change of the inode can't be set back, so a corrected file of the same name, size
    and time of modification has another state. As text any year is in range.
    """
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_size, f"{state.st_mtime_ns} {state.st_ctime_ns} {state.st_ino}"


def let_the_clock_go_on(path: Path) -> None:
    """Wait until a later change of a file would get a later time than its last one."""
    try:
        changed = path.stat().st_ctime_ns
    except OSError:
        return
    tick = TICK if changed % SECOND else COARSE_TICK
    age = time.time_ns() - changed
    if 0 <= age < tick:
        time.sleep((tick - age) / SECOND)
