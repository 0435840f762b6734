"""Where a contender works, the files it is given, and what its warehouse holds."""

import hashlib
import json
import os
import shutil
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from bench.measure import Measured, measure
from shopstream import sample
from shopstream.config import PROJECT

MONTH, HALF_YEAR = 31, 182  # days
FIRST_DAY = date(2019, 10, 1)
STATE = "holds.json"


class ContenderFailed(Exception):
    """A command ended with an error; the message says where its output is."""


@dataclass(frozen=True)
class Place:
    """Where one contender works: `source` has the month's files, `folder` is its own."""

    home: Path
    events: int
    commit: str
    folder: Path

    @property
    def source(self) -> Path:
        """The month's files; made when they are not there."""
        return make_input(self.home, self.events, MONTH)

    def run(self, *command: str, **environment: str) -> Measured:
        """Run a command of this Python from the project's folder; raises ContenderFailed."""
        log = self.folder.with_suffix(".log")
        ran = measure(
            [sys.executable, *command], env={**os.environ, **environment}, cwd=PROJECT, log=log
        )
        if ran.code:
            raise ContenderFailed(f"{' '.join(command)} ended with {ran.code}, see {log}")
        return ran


def make_input(home: Path, events: int, days: int) -> Path:
    """The generated files of so many days from the first on, Parquet; one file a day.

    Made anew where they are not those of this generator.
    """
    folder = home / "input" / f"{events}_{days}"
    complete = folder / "_complete"  # by its name no reader takes it for data
    sources = sorted(Path(sample.__file__).parent.glob("*.*"))
    generator = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    if not complete.exists() or complete.read_text() != generator:
        shutil.rmtree(folder, ignore_errors=True)
        if days == MONTH:  # the day after it is wanted too
            link_days(make_input(home, events, MONTH + 1), folder, MONTH)
        else:
            sample.generate(folder, events=events, days=days, file_format="parquet")
        complete.write_text(generator)
    return folder


def link_days(source: Path, target: Path, days: int) -> None:
    """Put the files of the first `days` days into a folder, as links."""
    target.mkdir(parents=True, exist_ok=True)
    for day in range(days):
        name = f"events_{FIRST_DAY + timedelta(days=day)}.parquet"
        if not (target / name).exists():
            os.link(source / name, target / name)
    # Their description has the window that DuckDB's SQL has.
    shutil.copytree(source / "sources", target / "sources", dirs_exist_ok=True)


def read_once(folder: Path) -> None:
    """Read all files, so that every contender finds them in the file cache."""
    for file in folder.glob("*.parquet"):
        with file.open("rb") as stream:
            while stream.read(1 << 24):
                pass


def deliver(place: Place, source: Path, days: int) -> None:
    """Let the files of the first `days` days arrive."""
    link_days(source, place.folder / "landing", days)


def wanted_state(place: Place, days: int) -> dict:
    """What a warehouse of so many days notes about itself."""
    return {"events": place.events, "commit": place.commit, "days": days}


def note_state(place: Place, days: int) -> None:
    """Note what the warehouse holds, for a contender that goes on from it."""
    (place.folder / STATE).write_text(json.dumps(wanted_state(place, days)))


def state(place: Place) -> dict | None:
    """What the warehouse holds, None when nobody can tell."""
    path = place.folder / STATE
    return json.loads(path.read_text()) if path.exists() else None


def forget_state(place: Place) -> None:
    """The warehouse is about to change."""
    (place.folder / STATE).unlink(missing_ok=True)
