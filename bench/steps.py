"""Seconds of each step of a contender, kept in its output folder."""

import json
import time
from contextlib import contextmanager
from pathlib import Path

NAME = "steps.json"


class Steps:
    """Times named steps."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.seconds = folder, {}

    @contextmanager
    def step(self, name: str):
        """Time the block."""
        started = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - started, 3)

    def write(self) -> None:
        """Keep what was timed."""
        (self.folder / NAME).write_text(json.dumps(self.seconds))


def read(folder: Path) -> dict[str, float]:
    """What a contender timed; empty where it has no steps."""
    path = folder / NAME
    return json.loads(path.read_text()) if path.exists() else {}
