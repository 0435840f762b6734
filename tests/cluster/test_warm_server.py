"""A warm server between builds, while other processes change the warehouse behind it."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from shopstream.run import server
from shopstream.warehouse.emptying import empty_warehouse
from tests.cluster.test_engines import free_port
from tests.helpers.two_files import FIRST, HEADER, SECOND
from tests.helpers.warehouse import BIN, PROJECT, Warehouse


@pytest.fixture
def served(tmp_path) -> Iterator[Warehouse]:
    """A warehouse with a server, and one landed file."""
    warehouse = Warehouse(tmp_path)
    deliver(warehouse, "first.csv", FIRST)
    ran = warehouse.run("shopstream", "server", "start", "--port", str(free_port()))
    assert ran.returncode == 0, ran.stdout
    yield warehouse
    warehouse.run("shopstream", "server", "stop")


def deliver(warehouse: Warehouse, name: str, rows: str) -> None:
    warehouse.landing.mkdir(exist_ok=True)
    (warehouse.landing / name).write_text(HEADER + rows)


def drop_tables(warehouse: Warehouse) -> None:
    for folder in (warehouse.root / "warehouse").glob("shopstream_*.db"):
        shutil.rmtree(folder)


def pid(warehouse: Warehouse) -> int:
    return server.running(warehouse.root / "warehouse").pid


def build(warehouse: Warehouse, *options: str) -> None:
    """A build on the server, whose core marts are those of the files."""
    assert "warm Spark server" in warehouse.build("--core", *options)
    assert warehouse.differences_from_oracle() == {}


def test_it_serves_nothing_stale(served):
    first = pid(served)
    build(served)
    again = served.run("shopstream", "server", "start")
    assert again.returncode == 0 and pid(served) == first, "starting twice is starting once"

    # Readers go back, files are compacted and deleted.
    # Without the server's own temporary files: it has libraries of them in memory.
    ignored = shutil.ignore_patterns(".tmp*")
    before = shutil.copytree(served.root / "warehouse", served.root / "before", ignore=ignored)
    deliver(served, "second.csv", SECOND)
    build(served)
    for command in ["rollback", "maintain"]:
        assert served.run("shopstream", command).returncode == 0
    deliver(served, "third.csv", FIRST.replace("2019-10-01", "2019-10-09"))
    build(served, "--no-tests")
    build(served, "--no-tests", "--full-refresh")

    # Every table is what it was after the first build, as if another process had made it anew.
    drop_tables(served)
    shutil.copytree(before, served.root / "warehouse", dirs_exist_ok=True)
    build(served, "--no-tests")

    # There is no table any more, and files are others.
    empty_warehouse(served.root / "warehouse")
    (served.landing / "first.csv").unlink()
    build(served, "--no-tests")

    assert pid(served) == first
    assert served.run("shopstream", "clean").returncode == 0
    assert server.running(served.root / "warehouse") is None
    assert served.run("shopstream", "server", "status").returncode == 1


def test_a_server_on_which_a_build_was_killed_starts_anew(served):
    first = pid(served)
    process = subprocess.Popen(
        [BIN / "shopstream", "build", "--core", "--no-tests"],
        cwd=PROJECT,
        env=served.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    rows = served.root / "warehouse" / "shopstream_staging.db" / "stg_rows"
    while not rows.is_dir():
        assert process.poll() is None, "the build ended before it was killed"
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert pid(served) == first, "the server is not the build's child to die with it"
    build(served, "--no-tests")
    assert pid(served) != first
