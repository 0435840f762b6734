"""The daily command: land new files, build and test the marts, publish what passed, report."""

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import psutil
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from shopstream import (
    checksums,
    disk,
    erasing,
    hook,
    landing,
    made_by,
    operations,
    reload,
    sample,
    server,
    tables,
    written,
)
from shopstream.archives import READABLE
from shopstream.bootstrap import wants_spark
from shopstream.build_log import note_build, tables_of_this_run
from shopstream.compiled import FAILING_ROWS
from shopstream.config import PROJECT, SAMPLE_MARK, Settings, check_engine, check_warehouse
from shopstream.finding import named
from shopstream.maintenance import tables_are_published
from shopstream.plain import plain_lines
from shopstream.processes import end, tree
from shopstream.profile import targets
from shopstream.published import (
    AUDIT_SCHEMA,
    NothingPublished,
    carried_over,
    newest_load,
    next_build_id,
    open_table,
    publish,
    published_so_far,
    read_published,
    unpublish,
)
from shopstream.stopping import Stopped
from shopstream.summary import failures, print_summary
from shopstream.temporary import kept_in, private_folder
from shopstream.trouble import cause_of_failure
from shopstream.unused import lost_files
from shopstream.window import warn_of_window

FAILED, FILE_REFUSED = 1, 3
LEAVE_OUT_COMMERCE = ["--exclude", "tag:commerce"]
IS_OF_A_STACK_TRACE = re.compile(
    r"\s*(\tat |\t\.\.\. [0-9]+ more$|Caused by: |Suppressed: |Driver stacktrace:)"
).match

console = Console(highlight=False, soft_wrap=True)


class BuildError(Exception):
    """Why nothing could be built, and what to do."""


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
    Raises BuildError, landing.LandingError.
    """
    with prepared(settings, may_rebuild=True) as work:
        folder = choose_landing(settings)
        full_refresh = full_refresh or is_anew(settings)
        if full_refresh and not drop_missing and landing.has_landed(settings.warehouse):
            # Told at once, not after all files were read; `land` looks once more when they are.
            land(folder, settings.warehouse)
            if gone := landing.missing_files(folder, settings.warehouse):
                raise landing.would_lose(folder, gone)
        landed = land(folder, settings.warehouse, anew=full_refresh, may_lose=drop_missing)
        if not full_refresh and with_tests and not only_core and nothing_is_new(settings):
            return work.idle(landed)
        variables = {"rebuild_staging": True} if full_refresh else {}
        return work.finish(landed, variables, with_tests=with_tests, only_core=only_core)


def backfill(settings: Settings, first: date | None, last: date | None) -> int:
    """Compute the events of some dates (None for all) anew from the landing files; see `build`."""
    with prepared(settings) as work, progress_bar("reading again") as advance:
        folder = choose_landing(settings)
        catch_up(settings)
        var = reload.start_backfill(folder, settings.warehouse, first, last, on_progress=advance)
        return work.finish(None, {"backfill": var})


def take_in_again(settings: Settings, choose: Callable[[Path], list[landing.LandedFile]]) -> int:
    """Read the chosen files anew, withdrawn ones too, in the place of their rows; see `build`."""
    with prepared(settings) as work, progress_bar("reading again") as advance:
        folder = choose_landing(settings)
        shas = {file.file_sha256 for file in choose(settings.warehouse)}
        landing.reload(folder, settings.warehouse, shas, on_progress=advance)
        console.print(f"{len(shas):,} files are taken in again.")
        return work.finish(None)


def withdraw(settings: Settings, names: list[str]) -> int:
    """Take the rows of files out, and leave the files out from now on; see `build`."""
    with prepared(settings) as work:
        files = reload.files_named(settings.warehouse, names)
        landing.withdraw(settings.warehouse, {file.file_sha256 for file in files})
        return work.finish(None)


def erase_user(settings: Settings, user_id: int) -> int:
    """Take a user out of all tables, older builds and files of the warehouse; see `build`."""
    with prepared(settings) as work:
        catch_up(settings)
        names = erasing.begin(settings.warehouse, user_id)
        code = work.finish(None)
        if names:
            console.print(
                "These landing files still hold rows of the user; they are yours to change: "
                + ", ".join(names),
                markup=False,
            )
        return code


@dataclass
class Work:
    """One run that holds the warehouse."""

    settings: Settings
    peak: Peak
    started: float

    def finish(
        self,
        landed: landing.LandingResult | None,
        variables: dict | None = None,
        *,
        with_tests: bool = True,
        only_core: bool = False,
    ) -> int:
        """Build and test with dbt, publish what passed, report; returns the exit code."""
        options = list(LEAVE_OUT_COMMERCE) if only_core else []
        refresh = self.starts_anew()
        if refresh:
            options.append("--full-refresh")
        shutil.rmtree(self.settings.warehouse / f"{AUDIT_SCHEMA}.db", ignore_errors=True)
        passed = run_dbt(self.settings, options, variables or {}, with_tests=with_tests)
        # Untested tables are for trying things out: readers stay on the last tested build.
        published = passed and with_tests
        if published:
            files = landed.landed if landed else []
            note_build(
                self.settings.warehouse,
                self.settings.target,
                next_build_id(self.settings.warehouse),
                seconds=time.monotonic() - self.started,
                peak_memory_bytes=self.peak.bytes,
                files_landed=len(files),
                rows_landed=sum(file.rows_read for file in files),
                only_core=only_core,
            )
            # What was left out has to be built by the next run, new files or not.
            made_from = inputs(self.settings) | {"only_core": only_core}
            built = tables_of_this_run(self.settings.warehouse, self.settings.target)
            new = publish(self.settings.warehouse, made_from, built)
            if words := carried_over(self.settings.warehouse, new, built):
                say(words)
        if passed:
            disk.sync_all(self.settings.warehouse)  # now nothing needs the work copies any more
            landing.drop_work_copies(self.settings.warehouse)
            # A refresh that left the business marts out is still owed to them.
            code = made_by.SEVERAL if refresh and only_core else made_by.code_of_tables()
            made_by.write(self.settings.warehouse, code)
        self.report(landed, published=published)
        lost = lost_files(self.settings.warehouse, landed) if landed else []
        if hook.is_set():
            self.tell_of_trouble(lost, passed=passed, published=published)
        # After the hook, which compares with the build before.
        self.finish_erasure(whole=published and not only_core)
        if not passed:
            keep_failing_rows(self.settings)
            return FAILED
        if lost:
            console.print(f"Exit code {FILE_REFUSED}: a file was refused or unused, see above.")
        return FILE_REFUSED if lost else 0

    def starts_anew(self) -> bool:
        """Whether all tables after the cleaned rows have to be made anew: other code made them."""
        warehouse, code = self.settings.warehouse, made_by.code_of_tables()
        held = made_by.read(warehouse)
        if held is None and not (warehouse / f"{tables.SCHEMA_PREFIX}staging.db").exists():
            made_by.write(warehouse, code)
            return False
        if held == code:
            return False
        if held not in (made_by.NOTHING, made_by.SEVERAL):
            console.print(
                "Models, seeds or the rules of sessions were changed: all tables after the cleaned "
                "rows are computed anew."
            )
        if held != made_by.NOTHING:
            made_by.write(warehouse, made_by.SEVERAL)
        return True

    def tell_of_trouble(self, lost: list[str], *, passed: bool, published: bool) -> None:
        """Run the user's hook once for each kind of trouble."""
        if not passed:
            broken = (f"{name}: {message}" for name, _, message in failures(self.settings.target))
            hook.tell("failed", "; ".join(broken))
        if lost:
            hook.tell("refused", "; ".join(lost))
        if published and (hours := hook.new_anomalies(self.settings.warehouse)):
            hook.tell("anomaly", "; ".join(hours))

    def idle(self, landed: landing.LandingResult) -> int:
        """Report that the published build is of these files and this code already."""
        self.report(landed, published=True)
        self.finish_erasure(whole=True)
        console.print("Nothing was built: the published build is of these files and this code.")
        return 0

    def finish_erasure(self, *, whole: bool) -> None:
        """After a user was erased, delete what is older than a published build of all marts.

        A build that failed, was killed or left marts out leaves it to the next.
        """
        if erasing.unfinished(self.settings.warehouse) is None:
            return
        if not whole:
            console.print(
                "[bold]Not erased yet[/bold]: files and builds of before hold the user until a "
                "build of all marts is published. Mend what failed and run: make build"
            )
            return
        for words in erasing.purge(self.settings):
            say(words)
        console.print("Erased from the warehouse; readers can't go back to earlier builds.")

    def report(self, landed: landing.LandingResult | None, *, published: bool) -> None:
        """Print the summary."""
        seconds = time.monotonic() - self.started
        print_summary(self.settings, landed, published, seconds=seconds, peak_bytes=self.peak.bytes)


@contextmanager
def prepared(settings: Settings, *, may_rebuild: bool = False):
    """Hold the warehouse, watch memory and time; yields Work.

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
        with warehouse_lock(settings.warehouse), peak_memory(settings.warehouse) as peak:
            published_so_far(settings.warehouse)  # raises PublishedLost before anything is done
            with written.by_this_run(settings.warehouse, say):
                if is_anew(settings) and not may_rebuild:
                    raise BuildError("all files have to be read anew; run first: make build")
                erase_again(settings)
                yield Work(settings, peak, started)
    except (Exception, Stopped) as error:
        hook.tell("failed", str(error))
        raise


def say(words: str) -> None:
    """Tell in a line of its own."""
    console.print(words, markup=False)


def erase_again(settings: Settings) -> None:
    """Make good an erasure that was cut short, or undone by a backup that was put back."""
    if erasing.is_owed(settings.warehouse):
        if reload.has_rows(settings.warehouse) and not is_anew(settings):
            catch_up(settings)
        done = erasing.go_on(settings.warehouse)
        say(f"Erasures that were cut short, or undone by a backup, are made again: {done:,}.")


def is_anew(settings: Settings) -> bool:
    """Whether all rows are to be read anew."""
    return made_by.read(settings.warehouse) == made_by.NOTHING


def catch_up(settings: Settings) -> None:
    """Take what is landed into the cleaned rows, before a load is numbered behind it.

    How far the rows have come is the highest load they hold, so a later one would hide those
    before it. Raises BuildError.
    """
    if reload.rows_are_waiting(settings.warehouse):
        console.print("Files that were landed before come first.")
        if warm_dbt(settings, "run", "--select", "+stg_rows") != 0:
            raise BuildError("landed files could not be taken in; run first: make build")


def nothing_is_new(settings: Settings) -> bool:
    """Whether a build could only give what is published already."""
    try:
        made_from = read_published(settings.warehouse)["made_from"]
    except NothingPublished:
        return False
    if made_by.read(settings.warehouse) != made_by.code_of_tables():
        return False
    return made_from == inputs(settings) and tables_are_published(settings.warehouse)


def tested_load(warehouse: Path) -> int:
    """The latest load whose events passed the tests at hand, in the published build; 0 for none."""
    try:
        published = read_published(warehouse)
    except NothingPublished:
        return 0
    if (published["made_from"] or {}).get("code") != made_by.all_code():
        return 0
    return newest_load(open_table(warehouse, "shopstream_core.fct_events", published))


def inputs(settings: Settings) -> dict:
    """All that decides what a build gives: what is landed, and the code, rules and versions."""
    return {
        "register": landing.register_state(settings.warehouse),
        "code": made_by.all_code(),
        "only_core": False,
    }


@contextmanager
def warehouse_lock(warehouse: Path):
    """Hold the warehouse for this process and its dbt; the lock ends when both have ended."""
    with (warehouse / ".build.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise BuildError(
                f"another build holds {warehouse}: {file.read().strip() or 'unknown'}. "
                "Wait for it to end"
            ) from None
        # dbt inherits it: were only this process killed, dbt would go on writing.
        os.set_inheritable(file.fileno(), True)
        file.truncate(0)
        file.write(f"process {os.getpid()} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")
        file.flush()
        yield


def note_dbt(warehouse: Path, pid: int) -> None:
    """Note which dbt the holder of the lock has started, for whoever waits for it."""
    lock = warehouse / ".build.lock"
    holder = lock.read_text().partition(", dbt ")[0]
    lock.write_text(f"{holder}, dbt {pid}")


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


def choose_landing(settings: Settings) -> Path:
    """The landing folder where it has files, else the sample's, which is made if need be.

    A warehouse that holds nothing but the sample is emptied when real files appear: the two must
    not mix, and the sample can be made again. Raises BuildError where the path is no folder.
    """
    if settings.landing.is_file():
        raise BuildError(
            f"{settings.landing} is a file; make it a folder and put the event files into it"
        )
    mark = settings.warehouse / SAMPLE_MARK
    loaded = (settings.warehouse / "published.json").exists() or landing.has_landed(
        settings.warehouse
    )
    if landing.event_files(settings.landing):
        if mark.exists():
            console.print("The warehouse held the sample; it starts anew from your files.")
            empty_warehouse(settings.warehouse)
        return told(settings.landing, settings.warehouse)
    if loaded and not mark.exists():
        return told(settings.landing, settings.warehouse)
    if "SHOPSTREAM_LANDING" in os.environ and not settings.landing.is_dir():
        raise BuildError(f"SHOPSTREAM_LANDING is {settings.landing}, which is not a folder")
    if foreign := landing.foreign_files(settings.landing):
        raise BuildError(
            f"{settings.landing} holds no file that can be read, but {named(foreign)}. Read are "
            f"{READABLE}, in any case: rename or convert them, or empty the folder for the sample"
        )
    console.print(
        f"No event files in {settings.landing}: using the generated sample in {settings.sample}.",
        markup=False,
    )
    mark.touch()
    if not landing.event_files(settings.sample):
        sample.generate(settings.sample)
    return told(settings.sample, settings.warehouse)


def told(folder: Path, warehouse: Path) -> Path:
    """Say which folders are used, and give the one of files."""
    console.print(f"Files from {folder}, tables in {warehouse}.", markup=False)
    return folder


def empty_warehouse(warehouse: Path) -> None:
    """Remove what shopstream wrote into a warehouse, and nothing else that may lie there.

    Who was erased is remembered, since the landing files may still hold them, and who ran what.
    """
    # In this order: cut short, it leaves what the next build makes from nothing.
    shutil.rmtree(warehouse / tables.REMOVED, ignore_errors=True)
    unpublish(warehouse)
    made_by.write(warehouse, made_by.NOTHING)
    for folder in warehouse.glob("shopstream_*.db"):
        for table in folder.iterdir():
            if table.name not in ("erased_users", operations.NAME):
                tables.remove(warehouse, table)
        if not any(folder.iterdir()):
            folder.rmdir()
    for name in [SAMPLE_MARK, made_by.FILE, written.FILE, checksums.FILE]:
        (warehouse / name).unlink(missing_ok=True)


def land(folder: Path, warehouse: Path, **options: bool) -> landing.LandingResult:
    """Land the new files of `folder` with a progress bar; options are those of `landing.land`."""
    with progress_bar("landing") as advance:
        landed = landing.land(folder, warehouse, on_progress=advance, **options)
    warn_of_window(warehouse, landed)
    return landed


def read_again(folder: Path, warehouse: Path) -> None:
    """Have work copies of all rows that were landed, for tables that another build is to make."""
    files = landing.landed_files(warehouse)
    with progress_bar("reading again") as advance:
        shas = {file.file_sha256 for file in files if not file.withdrawn_at}
        landing.reread(folder, warehouse, shas, on_progress=advance)


@contextmanager
def progress_bar(verb: str):
    """A bar over bytes, one file at a time; yields the callback of `landing.land`."""
    words = TextColumn(verb + " {task.description}", markup=False)
    columns = words, BarColumn(), DownloadColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)

        def advance(name: str, done: int, total: int) -> None:
            progress.update(task, description=name, completed=done, total=total)

        yield advance


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
    # Those of a run before would be told as this one's, were dbt to end before it writes its own.
    (settings.target / "run_results.json").unlink(missing_ok=True)
    code = warm_dbt(settings, *command, SHOPSTREAM_TESTED_LOAD=str(tested))
    if code and (cause := cause_of_failure(settings, code)):
        raise BuildError(f"{cause}. Readers stay on what was published last")
    return code == 0


def keep_failing_rows(settings: Settings) -> None:
    """Run the tests that failed once more, and keep their rows as tables to look at.

    Only these: a table for each of the tests that pass would double the time of a build.
    """
    failed = [name for name, status, _ in failures(settings.target) if status == "fail"]
    if failed:
        # A target folder of its own: `dbt retry` goes on from the build, not from this.
        console.print("Keeping the failing rows ...")
        target = {"DBT_TARGET_PATH": str(settings.target / FAILING_ROWS)}
        with (settings.logs / "failing_rows.log").open("w") as log:
            command = ["test", "--select", *failed, "--store-failures"]
            warm_dbt(settings, *command, stdout=log, **target)
        console.print(
            f'See the failing rows: .venv/bin/shopstream query "select * from {failed[0]}"'
        )


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
