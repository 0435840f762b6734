"""Results of a long campaign, kept as lines of JSON, so that it goes on where it stopped."""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

from shopstream.bench.results import append_run, read_runs


class Results:
    """What was found so far, in order; `path` is None for a new file of its own."""

    def __init__(self, path: Path | None) -> None:
        self.path = (path or Path(tempfile.mkstemp(suffix=".jsonl")[1])).resolve()
        self.held = read_runs(self.path)
        print(f"results are kept in {self.path}", flush=True)

    def __iter__(self) -> Iterator[dict]:
        return iter(self.held)

    def add(self, result: dict) -> None:
        """Keep a result at once: the campaign may be cut short at any time."""
        self.held.append(result)
        append_run(self.path, result)


def add_resume_option(parser: argparse.ArgumentParser) -> None:
    """The option that every campaign has."""
    parser.add_argument("--resume", type=Path, metavar="FILE", help="results, kept as JSON lines")
