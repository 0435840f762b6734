"""The processes of a command, as they are now."""

from collections.abc import Iterator

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
