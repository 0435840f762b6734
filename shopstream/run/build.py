"""The daily command: land new files, build and test the marts, publish what passed, report.

`backfill`, `reload`, `withdraw` and `erase` end as a build does.
"""

import os
import shutil
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from shopstream import disk
from shopstream.bootstrap import wants_spark
from shopstream.config import Settings, check_engine, check_warehouse
from shopstream.console import announce, console, progress_bar
from shopstream.errors import BuildError
from shopstream.intake import corrections, erasure, landing, register
from shopstream.intake.committer import LandingResult
from shopstream.intake.register import LandedFile
from shopstream.intake.unused import lost_files
from shopstream.people import hook
from shopstream.people.summary import print_summary
from shopstream.run.dbt import keep_failing_rows, run_dbt, warm_dbt
from shopstream.run.deliveries import choose_landing, land
from shopstream.run.engines import targets
from shopstream.run.memory import Peak, peak_memory
from shopstream.run.owed import inputs, is_anew, nothing_is_new
from shopstream.run.results import failures
from shopstream.run.trouble import FAILED
from shopstream.stopping import Stopped
from shopstream.warehouse import fingerprint, tables, written
from shopstream.warehouse.build_log import note_build, tables_of_this_run
from shopstream.warehouse.lock import target_lock, warehouse_lock
from shopstream.warehouse.publishing import (
    carried_over,
    next_build_id,
    publish,
    published_so_far,
)

FILE_REFUSED = 3
LEAVE_OUT_COMMERCE = ["--exclude", "tag:commerce"]


def build(
    settings: Settings,
    *,
    full_refresh: bool = False,
    drop_missing: bool = False,
    with_tests: bool = True,
    only_core: bool = False,
) -> int:
    """Land, build, test and publish; returns the exit code.

    `only_core` leaves the business marts as they are. `full_refresh` lands every file again, and
    refuses to lose the rows of those that are gone from the landing folder unless `drop_missing`.

    0: every model and test passed. 1: one did not, readers stay on the last published build.
    3: all passed and was published, but of a new file nothing came in: it was refused, or no row
    of it could be used.
    Raises BuildError, LandingError.
    """
    with prepared(settings, may_rebuild=True) as run:
        folder = choose_landing(settings)
        full_refresh = full_refresh or is_anew(settings)
        if full_refresh and not drop_missing and register.has_landed(settings.warehouse):
            # Said at once, not after all files were read; `land` looks once more when they are.
            land(folder, settings.warehouse)
            if gone := landing.missing_files(folder, settings.warehouse):
                raise landing.would_lose(folder, gone)
        landed = land(folder, settings.warehouse, anew=full_refresh, may_lose=drop_missing)
        if not full_refresh and with_tests and not only_core and nothing_is_new(settings):
            return run.idle(landed)
        variables = {"rebuild_staging": True} if full_refresh else {}
        return run.finish(landed, variables, with_tests=with_tests, only_core=only_core)


def backfill(settings: Settings, first: date | None, last: date | None) -> int:
    """Compute the events of some dates (None for all) anew from the landing files; see `build`."""
    with prepared(settings) as run, progress_bar("reading again") as advance:
        folder = choose_landing(settings)
        catch_up(settings)
        dates = corrections.start_backfill(
            folder, settings.warehouse, first, last, on_progress=advance
        )
        return run.finish(None, {"backfill": dates})


def reload(settings: Settings, choose: Callable[[Path], list[LandedFile]]) -> int:
    """Read the chosen files anew, withdrawn ones too, to replace their rows; see `build`."""
    with prepared(settings) as run, progress_bar("reading again") as advance:
        folder = choose_landing(settings)
        shas = {file.file_sha256 for file in choose(settings.warehouse)}
        corrections.reload(folder, settings.warehouse, shas, on_progress=advance)
        console.print(f"{len(shas):,} files are taken in again.")
        return run.finish(None)


def withdraw(settings: Settings, names: list[str]) -> int:
    """Take the rows of files out, and leave the files out from now on; see `build`."""
    with prepared(settings) as run:
        files = corrections.files_named(settings.warehouse, names)
        corrections.withdraw(settings.warehouse, {file.file_sha256 for file in files})
        return run.finish(None)


def erase(settings: Settings, user_id: int) -> int:
    """Take a user out of all tables, older builds and files of the warehouse; see `build`."""
    with prepared(settings) as run:
        catch_up(settings)
        names = erasure.begin(settings.warehouse, user_id)
        code = run.finish(None)
        if names:
            announce(
                "These landing files still hold rows of the user; they are yours to change: "
                + ", ".join(names)
            )
        return code


@dataclass
class BuildRun:
    """One run that holds the warehouse."""

    settings: Settings
    peak: Peak
    started: float

    def finish(
        self,
        landed: LandingResult | None,
        variables: dict | None = None,
        *,
        with_tests: bool = True,
        only_core: bool = False,
    ) -> int:
        """Build and test with dbt, publish what passed, report; returns the exit code."""
        warehouse = self.settings.warehouse
        refresh = self.starts_anew()
        options = LEAVE_OUT_COMMERCE if only_core else []
        options = [*options, "--full-refresh"] if refresh else options
        shutil.rmtree(warehouse / f"{tables.AUDIT_SCHEMA}.db", ignore_errors=True)
        passed = run_dbt(self.settings, options, variables or {}, with_tests=with_tests)
        # Untested tables are for trying things out: readers stay on the last tested build.
        published = passed and with_tests
        if published:
            self.publish(landed, only_core=only_core)
        if passed:
            disk.sync_all(warehouse)  # now nothing needs the work copies any more
            landing.drop_work_copies(warehouse)
            # A refresh that left the business marts out is still owed to them.
            code = fingerprint.SEVERAL if refresh and only_core else fingerprint.code_of_tables()
            fingerprint.write(warehouse, code)
        self.report(landed, published=published)
        lost = lost_files(warehouse, landed) if landed else []
        if hook.is_set():
            self.announce_trouble(lost, passed=passed, published=published)
        # After the hook, which compares with the build before.
        self.finish_erasure(whole=published and not only_core)
        if not passed:
            keep_failing_rows(self.settings)
            return FAILED
        if lost:
            console.print(f"Exit code {FILE_REFUSED}: a file was refused or unused, see above.")
        return FILE_REFUSED if lost else 0

    def publish(self, landed: LandingResult | None, *, only_core: bool) -> None:
        """Show readers what has passed; the run is noted first, so that they see it, too."""
        warehouse, target = self.settings.warehouse, self.settings.target
        files = landed.landed if landed else []
        number = next_build_id(warehouse)
        note_build(
            warehouse,
            target,
            number,
            seconds=time.monotonic() - self.started,
            peak_memory_bytes=self.peak.bytes,
            files_landed=len(files),
            rows_landed=sum(file.rows_read for file in files),
            only_core=only_core,
        )
        # What was left out has to be built by the next run, new files or not.
        made_from = inputs(self.settings) | {"only_core": only_core}
        built = tables_of_this_run(warehouse, target)
        new = publish(warehouse, made_from, built, number)
        if words := carried_over(warehouse, new, built):
            announce(words)

    def starts_anew(self) -> bool:
        """Whether all tables after the cleaned rows have to be made anew: other code made them."""
        warehouse, code = self.settings.warehouse, fingerprint.code_of_tables()
        held = fingerprint.read(warehouse)
        if held is None and not (warehouse / f"{tables.SCHEMA_PREFIX}staging.db").exists():
            fingerprint.write(warehouse, code)
            return False
        if held == code:
            return False
        if held not in (fingerprint.NOTHING, fingerprint.SEVERAL):
            console.print(
                "Models, seeds or the rules of sessions were changed: all tables after the cleaned "
                "rows are computed anew."
            )
        if held != fingerprint.NOTHING:
            fingerprint.write(warehouse, fingerprint.SEVERAL)
        return True

    def announce_trouble(self, lost: list[str], *, passed: bool, published: bool) -> None:
        """Run the user's hook once for each kind of trouble."""
        if not passed:
            broken = (f"{name}: {message}" for name, _, message in failures(self.settings.target))
            hook.announce("failed", "; ".join(broken))
        if lost:
            hook.announce("refused", "; ".join(lost))
        if published and (alarms := hook.new_anomalies(self.settings.warehouse)):
            hook.announce("anomaly", "; ".join(alarms))

    def idle(self, landed: LandingResult) -> int:
        """Report that the published build is of these files and this code already."""
        self.report(landed, published=True)
        self.finish_erasure(whole=True)
        console.print("Nothing was built: the published build is of these files and this code.")
        return 0

    def finish_erasure(self, *, whole: bool) -> None:
        """After a user was erased, delete what is older than a published build of all marts.

        A build that failed, was killed or left marts out leaves it to the next.
        """
        if erasure.unfinished(self.settings.warehouse) is None:
            return
        if not whole:
            console.print(
                "[bold]Not erased yet[/bold]: older files and builds hold the user until a "
                "build of all marts is published. Mend what failed and run: make build"
            )
            return
        for words in erasure.purge(self.settings):
            announce(words)
        console.print("Erased from the warehouse; readers can't go back to earlier builds.")

    def report(self, landed: LandingResult | None, *, published: bool) -> None:
        """Print the summary."""
        seconds = time.monotonic() - self.started
        print_summary(self.settings, landed, published, seconds=seconds, peak_bytes=self.peak.bytes)


@contextmanager
def prepared(settings: Settings, *, may_rebuild: bool = False):
    """Hold the warehouse, watch memory and time; yields a BuildRun.

    Raises PublishedLost, and BuildError where DBT_TARGET names no target, and where a full refresh
    is owed (one was cut short, or rows are lost) and this run is not one that makes it.
    """
    target = os.environ.get("DBT_TARGET")
    if target and target not in (known := targets()):
        raise BuildError(f"DBT_TARGET is {target!r}; profiles.yml has {', '.join(known)}")
    check_engine(on_spark=wants_spark())
    check_warehouse(settings.warehouse)
    started = time.monotonic()
    settings.warehouse.mkdir(parents=True, exist_ok=True)
    settings.logs.mkdir(parents=True, exist_ok=True)
    try:
        with (
            warehouse_lock(settings.warehouse),
            target_lock(settings.target),
            peak_memory(settings.warehouse) as peak,
        ):
            published_so_far(settings.warehouse)  # raises PublishedLost before anything is done
            with written.by_this_run(settings.warehouse, announce):
                if is_anew(settings) and not may_rebuild:
                    raise BuildError("all files have to be read anew; run first: make build")
                tables.add_new_columns(settings.warehouse)
                erase_again(settings)
                yield BuildRun(settings, peak, started)
    except (Exception, Stopped) as error:
        hook.announce("failed", str(error))
        raise


def erase_again(settings: Settings) -> None:
    """Make good an erasure that was cut short, or undone by a backup that was put back."""
    if erasure.is_owed(settings.warehouse):
        if corrections.has_rows(settings.warehouse) and not is_anew(settings):
            catch_up(settings)
        done = erasure.go_on(settings.warehouse)
        announce(f"Erasures that were cut short, or undone by a backup, are made again: {done:,}.")


def catch_up(settings: Settings) -> None:
    """Take what is landed into the cleaned rows, before a load is numbered behind it.

    How far the rows have come is the highest load they hold, so a later one would hide those
    before it. Raises BuildError.
    """
    if corrections.rows_are_waiting(settings.warehouse):
        console.print("Files that were landed before come first.")
        if warm_dbt(settings, "run", "--select", "+stg_rows") != 0:
            raise BuildError("landed files could not be taken in; run first: make build")
