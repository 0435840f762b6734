"""Results of a long campaign, kept as lines of JSON, so that it goes on where it stopped.

Each line says by which code it was found; lines of other code are kept, but count for nothing.
"""

import argparse
import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from conftest import PROJECT

from shopstream import made_by
from shopstream.bench.results import append_run, read_runs


def tested_code() -> str:
    """A short hash of what campaigns test: whatever decides the tables, and the command line."""
    digest = hashlib.sha256(made_by.code_of_tables().encode())
    for path in sorted((PROJECT / "shopstream").glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


class Results:
    """What this code gave so far, in order; `path` is None for a new file of its own."""

    def __init__(self, path: Path | None) -> None:
        self.path = (path or Path(tempfile.mkstemp(suffix=".jsonl")[1])).resolve()
        self.code = tested_code()
        lines = read_runs(self.path)
        self.held = [line for line in lines if line.pop("code", None) == self.code]
        others = len(lines) - len(self.held)
        print(f"results are kept in {self.path}, code {self.code}", flush=True)
        if others:
            print(f"{others} results of other code there don't count", flush=True)

    def __iter__(self) -> Iterator[dict]:
        return iter(self.held)

    def add(self, result: dict) -> None:
        """Keep a result at once: the campaign may be cut short at any time."""
        self.held.append(result)
        append_run(self.path, {"code": self.code} | result)


def add_resume_option(parser: argparse.ArgumentParser) -> None:
    """The option that every campaign has."""
    parser.add_argument("--resume", type=Path, metavar="FILE", help="results, kept as JSON lines")
