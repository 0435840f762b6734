"""How much memory a build took."""

import os
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from shopstream.run import server
from shopstream.run.processes import tree


@dataclass
class Peak:
    """Highest memory of this process, all below it and the server, in bytes, while watched."""

    warehouse: Path
    bytes: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Sample the resident memory twice a second until stopped."""
        while not self.stop.wait(0.5):
            total = 0
            roots = [os.getpid(), *server.pids(self.warehouse)]
            # A server that this build started anew is below it too: it counts once.
            for process in {process for root in roots for process in tree(root)}:
                try:
                    total += process.memory_info().rss
                except psutil.Error:
                    continue
            self.bytes = max(self.bytes, total)


@contextmanager
def peak_memory(warehouse: Path):
    """Watch the memory of the build; yields a Peak."""
    peak = Peak(warehouse)
    watcher = threading.Thread(target=peak.watch, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        peak.stop.set()
        watcher.join()
