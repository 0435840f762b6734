"""The processes of a command, as they are now."""

from collections.abc import Iterator
from contextlib import suppress

import psutil


def tree(root: int) -> Iterator[psutil.Process]:
    """A process and all below it; none when it has ended."""
    try:
        found = [psutil.Process(root), *psutil.Process(root).children(recursive=True)]
    except psutil.Error:
        return
    commands = {}
    for process in found:
        try:
            commands[process.pid] = command = process.cmdline()
            # Between fork and exec a child is its parent once more, memory and all.
            if commands.get(process.ppid()) == command:
                continue
        except psutil.Error:
            continue
        yield process


def end(root: int) -> None:
    """End a process and all below it, at once, and wait until they have."""
    with suppress(psutil.Error):
        found = [psutil.Process(root), *psutil.Process(root).children(recursive=True)]
        for process in found:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(found[1:], timeout=10)
