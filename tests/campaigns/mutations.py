"""Seeded mutations: each makes one rule of the project wrong, and the suite has to notice.

    python -m tests.campaigns.mutations [--only NAME] [--resume FILE]

The mutations stand in mutations.yml. They are applied one at a time to a copy of the project. First
its unit tests run; if none fails, a small sample is built from nothing, with all data tests, and
then updated with a late file; after each the core marts are compared with the oracle, and those of
business are judged by their data tests. All of it happens in one process, so that the engine starts
once. Results are lines of JSON in FILE; what it holds already is not run again. Exit code 1 if a
mutation survived, 2 if one could not be tried.
"""

import argparse
import csv
import shutil
import sys
import tempfile
import time
from pathlib import Path

import yaml

from shopstream.run.build import LEAVE_OUT_COMMERCE
from shopstream.sample import generate
from tests import oracle
from tests.helpers.results import Results, add_resume_option
from tests.helpers.warehouse import PROJECT
from tests.helpers.warm import WITH_TESTS, BuildFailed, WarmWarehouse

COPIED = ["models", "macros", "seeds", "tests", "analyses", "shopstream", "dbt_project.yml"]
COPIED += ["packages.yml", "profiles.yml"]
LINKED = [".jars", "dbt_packages"]
EDGES_OF_WINDOW = ["1999-12-31 23:59:59", "2000-01-01 00:00:00"]
EDGES_OF_WINDOW += ["2099-12-31 23:59:59.999999", "2100-01-01 00:00:00"]


class CannotTry(Exception):
    """The mutation or the suite itself is broken."""


class Suite:
    """A copy of the project with a warehouse of its own, and the tests that run against it."""

    def __init__(self, root: Path) -> None:
        self.project = root / "project"
        self.project.mkdir()
        for name in COPIED:
            source, target = PROJECT / name, self.project / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            elif source.exists():
                shutil.copy(source, target)
        for name in LINKED:
            (self.project / name).symlink_to(PROJECT / name)
        self.warm = WarmWarehouse(root, self.project)
        *self.first_files, last = generate(root / "sample", events=6_000, days=10)
        self.late_file = root / "late.csv"
        write_late_file(self.late_file, last, *self.first_files[-2:])
        self.expected: dict[str, dict] = {}
        self.is_whole = False  # unit tests of business marts read columns of the tables they are of

    def failed_unit_tests(self, file: str = "") -> list[str]:
        """Unit tests that fail; only those of its model when the file is a model."""
        chosen, left_out = "test_type:unit", LEAVE_OUT_COMMERCE
        if file.startswith("models/"):
            chosen, left_out = f"{chosen},{Path(file).stem}", []
        failed = self.warm.dbt("test", *left_out, "--select", chosen)
        for name, message in failed:
            if message.startswith("error"):
                raise CannotTry(f"unit test {name} does not run: {message}")
        return [name for name, _ in failed]

    def failed_build(self) -> list[str]:
        """What is wrong after a build from nothing, else after the update with the late file."""
        self.warm.start(self.first_files)
        wrong = self.built("a build from nothing")
        if not wrong:
            shutil.copy(self.late_file, self.warm.landing)
            wrong = self.built("an update")
        self.is_whole = not wrong
        return wrong

    def built(self, what: str) -> list[str]:
        """Land, build and test; what failed, else the marts that differ from the oracle."""
        try:
            self.warm.build(*WITH_TESTS, all_marts=True)
        except BuildFailed as error:
            return [f"{what}: {error}"]
        if what not in self.expected:
            self.expected[what] = oracle.core_marts(self.warm.landing)
        differing = oracle.differing(self.expected[what], self.warm.marts())
        return [f"{what}: {name} is not the oracle's ({d[:150]})" for name, d in differing.items()]

    def catch(self, mutation: dict) -> tuple[str, list[str]]:
        """Apply a mutation, run the suite until something fails, and undo it."""
        file = self.project / mutation["file"]
        if mutation["file"].startswith("models/") and not self.is_whole:
            self.failed_build()
        sound = file.read_text()
        if sound.count(mutation["find"]) != 1:
            raise CannotTry(f"its text stands {sound.count(mutation['find'])} times in {file.name}")
        file.write_text(sound.replace(mutation["find"], mutation["put"]))
        try:
            if names := self.failed_unit_tests(mutation["file"]):
                return "unit tests", names
            return "a build", self.failed_build()
        finally:
            file.write_text(sound)


def write_late_file(target: Path, last_day: Path, untouched: Path, resent: Path) -> None:
    """The next day, the edges of the window, and rows of the day before under another session.

    The last session of the day before that, which stays untouched, goes on into the resent one.
    """
    names, *rows = rows_of(last_day)
    position = {name: at for at, name in enumerate(names)}
    again = [row for row in rows_of(resent) if len(row) == len(names)][1::5]
    for row in again:
        row[position["user_session"]] = "0" + row[position["user_session"]]
    whole = [row for row in rows_of(untouched) if len(row) == len(names)]
    goes_on = [row for row in whole if row[position["user_id"]].isdigit()][-1]
    goes_on[position["event_time"]] = again[0][position["event_time"]]
    for time_of_edge in EDGES_OF_WINDOW:
        edge = list(again[0])
        edge[position["event_time"]] = time_of_edge
        again.append(edge)
    with target.open("w", newline="") as file:
        csv.writer(file).writerows([names, *rows, *again, goes_on])


def rows_of(file: Path) -> list[list[str]]:
    """All rows of a CSV file, the names of its columns first."""
    with file.open(newline="") as lines:
        return list(csv.reader(lines))


def verdict(name: str, by: str, names: list[str], seconds: float) -> str:
    """One line that says who caught a mutation."""
    if by == "cannot try":
        return f"CANNOT TRY {name}: {names[0]}"
    return f"caught {name} by {by}: {'; '.join(names)}" if names else f"SURVIVED {name}"


def main() -> int:
    """Try the mutations and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="NAME", help="try this mutation alone")
    add_resume_option(parser)
    options = parser.parse_args()
    mutations = yaml.safe_load(Path(__file__).with_name("mutations.yml").read_text())
    if options.only:
        mutations = [m for m in mutations if m["name"] == options.only]
        if not mutations:
            parser.error(f"no mutation is called {options.only}")
    results = Results(options.resume, modules=())  # they are of models, macros, seeds and settings
    tried = {result["name"]: result for result in results}
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        started = time.monotonic()
        suite = Suite(Path(folder))
        wrong = suite.failed_build() or suite.failed_unit_tests()
        if wrong:
            print("the project itself does not pass:", *wrong, sep="\n  ")
            return 2
        print(f"unmutated, everything passes ({time.monotonic() - started:.0f} s)", flush=True)
        for mutation in mutations:
            result = tried.get(mutation["name"])
            if not result:
                started = time.monotonic()
                try:
                    by, names = suite.catch(mutation)
                except (CannotTry, BuildFailed) as error:
                    by, names = "cannot try", [str(error)]
                seconds = round(time.monotonic() - started, 1)
                result = {"name": mutation["name"], "by": by, "names": names, "seconds": seconds}
                tried[mutation["name"]] = result
                results.add(result)
            print(verdict(**result), flush=True)
    chosen = [tried[mutation["name"]] for mutation in mutations]
    if any(result["by"] == "cannot try" for result in chosen):
        return 2
    return 1 if any(not result["names"] for result in chosen) else 0


if __name__ == "__main__":
    sys.exit(main())
