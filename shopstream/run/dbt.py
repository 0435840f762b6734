"""Run dbt: with which engine, on what, and what its end means."""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from shopstream import disk
from shopstream.config import PROJECT, Settings
from shopstream.console import announce, console
from shopstream.errors import BuildError
from shopstream.plain import plain_lines
from shopstream.run import server
from shopstream.run.compiled import FAILING_ROWS
from shopstream.run.origin import origin
from shopstream.run.owed import tested_load
from shopstream.run.processes import end
from shopstream.run.results import failures
from shopstream.run.temporary import kept_in, private_folder
from shopstream.run.trouble import FAILED, cause_of_failure
from shopstream.warehouse import artifacts, tables
from shopstream.warehouse.lock import note_dbt

IS_OF_A_STACK_TRACE = re.compile(
    r"\s*(\tat |\t\.\.\. [0-9]+ more$|Caused by: |Suppressed: |Driver stacktrace:)"
).match


def run_dbt(
    settings: Settings, options: Sequence[str], variables: dict, *, with_tests: bool
) -> bool:
    """Run dbt build in the made environment; True when every model and test passed.

    In an ordinary load, tests of single events leave out the dates that were tested before.
    """
    leaves_none_out = not with_tests or variables or "--full-refresh" in options
    tested = 0 if leaves_none_out else tested_load(settings.warehouse)
    # Unit tests judge the code, not the data: `make test` and CI run them, a daily load need not.
    left_out = ["unit_test"] if with_tests else ["unit_test", "test"]
    command = ["build", "--exclude-resource-type", *left_out, *options]
    if variables:
        command += ["--vars", json.dumps(variables)]
    # Those of the run before would count as this one's, were dbt to end before it writes its own.
    (settings.target / "run_results.json").unlink(missing_ok=True)
    code = warm_dbt(settings, *command, SHOPSTREAM_TESTED_LOAD=str(tested))
    if code and (cause := cause_of_failure(settings, code)):
        raise BuildError(f"{cause}. Readers stay on what was published last")
    return code == 0


def keep_failing_rows(settings: Settings) -> None:
    """Run the tests that failed once more, keep their rows as tables, and say where they are from.

    Only these: a table for each of the tests that pass would double the time of a build.
    """
    failed = failures(settings.target)
    rules = [name for name, status, _ in failed if status == "fail"]
    if rules:
        # A target folder of its own: `dbt retry` goes on from the build, not from this.
        console.print("Keeping the failing rows ...")
        target = {"DBT_TARGET_PATH": str(settings.target / FAILING_ROWS)}
        with (settings.logs / "failing_rows.log").open("w") as log:
            command = ["test", "--select", *rules, "--store-failures"]
            warm_dbt(settings, *command, stdout=log, **target)
    for name, _, _ in failed:
        if found := origin(settings.warehouse, name):
            file, row = found
            announce(f"{name} fails by row {row} of {file}, perhaps by others, too.")
            announce(f"To go on without this file: .venv/bin/shopstream withdraw {file!r}")
    if rules:
        announce(f'See the failing rows: .venv/bin/shopstream query "select * from {rules[0]}"')


def warm_dbt(settings: Settings, *command: str, **more) -> int:
    """Run dbt on the warehouse's Spark server where one runs, else by itself; see `dbt`."""
    engine = server.borrow(settings)
    # Now nothing of a killed run is writing any more.
    tables.sweep(settings.warehouse)
    disk.sync_all(settings.warehouse)  # the register stands before rows are made by it
    if engine:
        console.print("The warm Spark server of this warehouse does the work.")
    noted = partial(note_dbt, settings.warehouse)
    try:
        code = dbt(settings, *command, on_start=noted, **engine, **more)
    except BaseException:
        server.stop_if_lent(settings.warehouse)
        raise
    # Any other code is of a dbt that was stopped: a statement of it may be running still.
    if code in (0, FAILED):
        server.give_back(settings.warehouse)
    return code


def dbt(
    settings: Settings, *command: str, stdout=None, on_start=lambda pid: None, **environment: str
) -> int:
    """Run dbt; returns its exit code.

    Its own lines go to the terminal or to the file `stdout`, less the stack traces of Spark, which
    are in dbt's log. What the JVM writes to stderr goes to a file.
    """
    with (
        (settings.logs / "jvm.log").open("a") as stderr,
        private_folder(settings.warehouse, ".tmp") as temporary,
        subprocess.Popen(
            [Path(sys.executable).with_name("dbt"), *command],
            cwd=PROJECT,
            env={
                **settings.environment(),
                **kept_in(temporary),
                # Its own stdout is a pipe to us, which says nothing of where the lines go.
                "DBT_USE_COLORS": str(stdout is None and sys.stdout.isatty()),
                **artifacts.MARK,
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=stderr,
            close_fds=False,  # so that it inherits the lock
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):
        try:
            on_start(process.pid)
            for line in process.stdout:
                if not IS_OF_A_STACK_TRACE(line):
                    print(plain_lines(line), end="", file=stdout, flush=True)
        except BaseException:
            # Nothing may go on writing once the lock is given up.
            end(process.pid)
            raise
    return process.returncode
