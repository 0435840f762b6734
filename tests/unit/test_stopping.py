"""Signals, exit codes, and what the environment can do to a build."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from shopstream.config import Settings
from shopstream.errors import LandingError
from shopstream.intake import landing, register, small_files
from shopstream.run import trouble
from shopstream.run.temporary import kept_in, private_folder
from shopstream.warehouse.lock import warehouse_lock
from tests.helpers.dbt_run import dbt_wrote
from tests.helpers.warehouse import PROJECT, Warehouse

# `shopstream build` beside a dbt of the test's own.
BUILD = """
import sys
from shopstream.people.cli import main
sys.executable = sys.argv.pop(1)
main(["build"])
"""
# It starts an engine, says which, and works until it is ended.
WORKS = """#!/bin/sh
sleep 60 &
echo $! > {root}/engine.part && mv {root}/engine.part {root}/engine
wait
"""


@pytest.fixture
def warehouse(tmp_path) -> Warehouse:
    made = Warehouse(tmp_path)
    made.landing.mkdir()
    (made.landing / "a.csv").write_text(
        "event_time,event_type,product_id,user_id\n2019-10-01 10:00:00,view,1,7\n"
    )
    return made


def heed_signals() -> None:
    """What starts pytest may ignore some, as nohup does; its children would, too."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def with_dbt(
    warehouse: Warehouse, script: str, preexec_fn: Callable[[], object] = heed_signals
) -> subprocess.Popen:
    dbt = warehouse.root / "dbt"
    dbt.write_text(script.format(root=warehouse.root))
    dbt.chmod(0o755)
    hook = f'echo "$SHOPSTREAM_EVENT|$SHOPSTREAM_MESSAGE" >> {warehouse.root}/heard'
    return subprocess.Popen(
        [sys.executable, "-c", BUILD, str(warehouse.root / "python")],
        cwd=PROJECT,
        env=warehouse.environment() | {"SHOPSTREAM_HOOK": hook},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=preexec_fn,
    )


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_dbt_and_its_engine_frees_the_lock_and_tells_the_hook(
    warehouse, number, code
):
    process = with_dbt(warehouse, WORKS)
    engine = warehouse.root / "engine"
    while not engine.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(number)
    _, said = process.communicate()
    assert process.returncode == code
    assert said.splitlines() == [
        f"shopstream: stopped by {number.name}; what was under way is done by the next run"
    ]
    assert not is_alive(int(engine.read_text()))
    with warehouse_lock(warehouse.root / "warehouse"):
        pass
    assert (warehouse.root / "heard").read_text() == f"failed|stopped by {number.name}\n"


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_signal_that_is_ignored_at_the_start_stays_so(warehouse):
    """As under nohup."""
    ends = "#!/bin/sh\nkill -HUP $PPID\nsleep 1\nexit 2\n"
    process = with_dbt(
        warehouse, ends, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)
    )
    _, said = process.communicate()
    assert process.returncode == 2 and "dbt ended with code 2" in said


# Where a file is read: a small one by itself, then with others, a large one alone.
READ_BY = ["small_files.text_rows", "small_files.SmallFiles._write", "reader.SMALL, reader.decode"]


@pytest.mark.parametrize("place", READ_BY)
def test_a_file_that_is_read_while_a_signal_comes_is_not_refused(warehouse, place):
    """A library may make an error of its own of it, and only once."""
    script = (
        "import os, signal, sys\n"
        "from shopstream.intake import reader, small_files\n"
        "from shopstream.people.cli import main\n"
        "def decode(*_, calls=[]):\n"
        "    if calls: return\n"
        "    calls.append(1)\n"
        "    try:\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "        for _ in range(10**7): pass\n"
        "    except BaseException:\n"
        "        raise RuntimeError('Query interrupted')\n"
        f"{place} = {'0, ' * place.count(',')}decode\n"
        "main(['land'])\n"
    )
    ran = warehouse.run("python", "-c", script)
    assert ran.returncode == 143, ran.stdout
    assert not register.has_landed(warehouse.root / "warehouse")


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(*[tmp_path] * 5)


def results(folder: Path, *messages: str) -> None:
    """Results of a run in which models ended so."""
    ended = [
        {"unique_id": f"model.shopstream.m{n}", "status": "error", "message": message}
        for n, message in enumerate(messages)
    ]
    dbt_wrote(folder, ended)


@pytest.mark.parametrize(
    ("code", "message", "words"),
    [
        (1, "Caused by: java.io.IOException: No space left on device", "no space left on the disk"),
        (1, "Runtime Error\n  (24, 'Too many open files')", "ulimit -n"),
        (1, "An error occurred while calling o1.sql\njava.lang.OutOfMemoryError: x", "MEMORY"),
        (1, "py4j.protocol.Py4JNetworkError: Answer from Java side is empty", "Java process ended"),
        (-9, "", "dbt was ended by SIGKILL"),
        (2, "", "dbt ended with code 2"),
    ],
)
def test_the_cause_in_the_environment_is_named(settings, code, message, words):
    # What follows meets what the first left.
    results(settings.target, *([message, "[Errno 111] Connection refused"] if message else []))
    assert words in trouble.cause_of_failure(settings, code)


def test_a_model_that_fails_has_no_cause_in_the_environment(settings):
    results(settings.target, "[DIVIDE_BY_ZERO] Division by zero")
    assert trouble.cause_of_failure(settings, 1) is None


def test_a_run_without_results_could_not_start(settings):
    assert "dbt ended with code 1" in trouble.cause_of_failure(settings, 1)


def test_too_many_open_files_are_no_fault_of_the_file_at_hand(warehouse, monkeypatch):
    def read(*_):
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(small_files, "text_rows", read)
    with pytest.raises(LandingError, match="ulimit -n"):
        landing.land(warehouse.landing, warehouse.root / "warehouse")


def test_a_fault_that_nobody_thought_of_is_code_2_and_one_line(warehouse):
    script = (
        "from shopstream.intake import landing\nfrom shopstream.people.cli import main\n"
        "landing.land = lambda *_, **__: 1 / 0\nmain(['land'])\n"
    )
    ran = warehouse.run("python", "-c", script)
    assert ran.returncode == 2
    line = ran.stdout.splitlines()[-1]
    assert "Traceback" not in ran.stdout
    assert line.startswith("shopstream: unexpected ZeroDivisionError: division by zero (")


def test_temporary_files_are_private_and_those_of_a_killed_run_go(tmp_path):
    (tmp_path / ".tmp").mkdir(mode=0o755)
    (tmp_path / ".tmp" / "rows").touch()
    before = os.umask(0)
    try:
        with private_folder(tmp_path, ".tmp") as folder:
            assert folder.stat().st_mode & 0o777 == 0o700
            assert list(folder.iterdir()) == []
            assert {"TMPDIR", "SPARK_LOCAL_DIRS", "JDK_JAVA_OPTIONS"} == set(kept_in(folder))
    finally:
        os.umask(before)
    assert not folder.exists()
