"""The daily command: land new files, build and test the marts, publish what passed, report."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psutil
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from shopstream import landing, sample
from shopstream.config import PROJECT, Settings
from shopstream.published import publish
from shopstream.summary import print_summary

FAILED, FILE_REFUSED = 1, 3
SAMPLE_MARK = ".holds-sample"

console = Console(highlight=False, soft_wrap=True)


class BuildError(Exception):
    """Why nothing could be built, and what to do."""


@dataclass
class Peak:
    """Highest memory of this process and all below it, in bytes, while it is watched."""

    bytes: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Sample the resident memory of the process tree twice a second until stopped."""
        own = psutil.Process()
        while not self.stop.wait(0.5):
            total = 0
            for process in [own, *own.children(recursive=True)]:
                try:
                    total += process.memory_info().rss
                except psutil.Error:
                    continue
            self.bytes = max(self.bytes, total)


def build(settings: Settings, *, full_refresh: bool = False, with_tests: bool = True) -> int:
    """Land, build, test and publish; returns the exit code.

    0: every model and test passed. 1: one did not, readers stay on the last published build.
    3: all passed and was published, but a file was refused that had not been met before.
    Raises BuildError, landing.LandingError.
    """
    started = time.monotonic()
    settings.warehouse.mkdir(parents=True, exist_ok=True)
    settings.logs.mkdir(parents=True, exist_ok=True)
    with warehouse_lock(settings.warehouse), peak_memory() as peak:
        folder = choose_landing(settings)
        if full_refresh:
            landing.forget(settings.warehouse)
        landed = land(folder, settings.warehouse)
        passed = run_dbt(settings, full_refresh=full_refresh, with_tests=with_tests)
        if passed:
            # Untested tables are for trying things out: readers stay on the last tested build.
            if with_tests:
                publish(settings.warehouse)
            landing.drop_work_copies(settings.warehouse)
    print_summary(
        settings,
        landed,
        published=passed and with_tests,
        seconds=time.monotonic() - started,
        peak_bytes=peak.bytes,
    )
    if not passed:
        return FAILED
    return FILE_REFUSED if landed.refused else 0


@contextmanager
def warehouse_lock(warehouse: Path):
    """Hold the warehouse for this process. The lock ends with the process, however it ends."""
    with (warehouse / ".build.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise BuildError(
                f"another build holds {warehouse}: {file.read().strip() or 'unknown'}. "
                "Wait for it to end"
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")
        file.flush()
        yield


@contextmanager
def peak_memory():
    """Watch the memory of the process tree; yields a Peak."""
    peak = Peak()
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
    not mix, and the sample can be made again.
    """
    mark = settings.warehouse / SAMPLE_MARK
    loaded = (settings.warehouse / "published.json").exists() or landing.has_landed(
        settings.warehouse
    )
    if landing.event_files(settings.landing):
        if mark.exists():
            console.print("The warehouse held the sample; it starts anew from your files.")
            empty_warehouse(settings.warehouse)
        return settings.landing
    if loaded and not mark.exists():
        return settings.landing
    if "SHOPSTREAM_LANDING" in os.environ and not settings.landing.is_dir():
        raise BuildError(f"SHOPSTREAM_LANDING is {settings.landing}, which is not a folder")
    console.print(
        f"No event files in {settings.landing}: using the generated sample in {settings.sample}."
    )
    mark.touch()
    if not landing.event_files(settings.sample):
        sample.generate(settings.sample)
    return settings.sample


def empty_warehouse(warehouse: Path) -> None:
    """Remove what shopstream wrote into a warehouse, and nothing else that may lie there."""
    for folder in warehouse.glob("shopstream_*.db"):
        shutil.rmtree(folder, ignore_errors=True)
    for name in ["published.json", SAMPLE_MARK]:
        (warehouse / name).unlink(missing_ok=True)


def land(folder: Path, warehouse: Path) -> landing.LandingResult:
    """Land the new files of `folder` with a progress bar."""
    columns = TextColumn("landing {task.description}"), BarColumn(), DownloadColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)

        def advance(name: str, done: int, total: int) -> None:
            progress.update(task, description=name, completed=done, total=total)

        return landing.land(folder, warehouse, on_progress=advance)


def run_dbt(settings: Settings, *, full_refresh: bool, with_tests: bool) -> bool:
    """Run dbt build in the made environment; True when every model and test passed.

    dbt's own lines go to the terminal; what the JVM writes to stderr goes to a file.
    """
    dbt = str(Path(sys.executable).with_name("dbt"))
    # Unit tests judge the code, not the data: `make test` and CI run them, a daily load need not.
    left_out = ["unit_test"] if with_tests else ["unit_test", "test"]
    command = [dbt, "build", "--exclude-resource-type", *left_out]
    if full_refresh:
        command += ["--full-refresh", "--vars", json.dumps({"rebuild_staging": True})]
    with (settings.logs / "jvm.log").open("w") as stderr:
        return (
            subprocess.run(
                command, cwd=PROJECT, env=settings.environment(), stderr=stderr
            ).returncode
            == 0
        )
