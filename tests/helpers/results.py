"""Results of a long campaign, kept as lines of JSON, so that it goes on where it stopped.

Each line says by which code it was found; lines of other code are kept, but count for nothing.
"""

import argparse
import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.results import append_run, read_runs
from shopstream.warehouse import fingerprint
from tests.helpers.warehouse import PROJECT

PACKAGE = PROJECT / "shopstream"


def modules_below(folder: str = "") -> list[str]:
    """The modules of the package, or of one of its wings."""
    return sorted(str(path.relative_to(PACKAGE)) for path in (PACKAGE / folder).rglob("*.py"))


# Besides the models, what lands files decides what is in the tables.
INTAKE = modules_below("intake")


def tested_code(modules: Iterable[str]) -> str:
    """A short hash of the models, macros, seeds and settings, and of these modules."""
    digest = hashlib.sha256(fingerprint.code_of_tables().encode())
    for name in sorted(modules):
        digest.update(name.encode() + (PACKAGE / name).read_bytes())
    return digest.hexdigest()[:12]


class Results:
    """What this code gave so far, in order; `path` is None for a new file of its own.

    `modules` are the parts of the package that the campaign tests, beside the models.
    """

    def __init__(self, path: Path | None, modules: Iterable[str] = INTAKE) -> None:
        self.path = (path or Path(tempfile.mkstemp(suffix=".jsonl")[1])).resolve()
        self.code = tested_code(modules)
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
