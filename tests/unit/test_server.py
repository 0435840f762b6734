"""The warm server of a warehouse: which process counts as one. Builds on it: tests/cluster."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from shopstream.config import Settings
from shopstream.errors import ShopstreamError
from shopstream.run import server
from tests.helpers.warehouse import Warehouse


@pytest.fixture
def warehouse(tmp_path) -> Path:
    folder = tmp_path / "warehouse"
    folder.mkdir()
    return folder


@pytest.fixture
def pretender(warehouse):
    """A process that looks like the server of the warehouse."""
    arguments = [server.MAIN_CLASS, f"{server.WAREHOUSE}={warehouse}"]
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", *arguments])
    while not psutil.Process(process.pid).cmdline():
        time.sleep(0.01)
    yield process
    process.kill()
    process.wait()


def note(warehouse: Path, pid: int, **more) -> server.Server:
    """The file that a server of this process would have left."""
    noted = server.Server(pid, port=1, token="t", made_from="other settings", **more)
    server._write(warehouse, noted)
    return noted


def test_the_file_of_a_running_server_is_read_by_its_owner_only(warehouse, pretender):
    noted = note(warehouse, pretender.pid)
    assert server.running(warehouse) == noted
    assert (warehouse / ".server.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"pid": 1}'])
def test_a_file_that_is_no_server_names_none_and_goes(warehouse, content):
    (warehouse / ".server.json").write_text(content)
    assert server.running(warehouse) is None
    assert server.stop(warehouse) is None
    assert not (warehouse / ".server.json").exists()


def test_a_number_that_another_process_has_now_is_no_server(warehouse):
    note(warehouse, os.getpid())
    assert server.running(warehouse) is None


def test_the_server_of_a_copied_warehouse_is_not_its_copys(warehouse, pretender, tmp_path):
    note(warehouse, pretender.pid)
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / ".server.json").write_text((warehouse / ".server.json").read_text())
    assert server.running(copy) is None
    assert server.running(warehouse)


def test_stop_ends_the_process_and_can_be_said_twice(warehouse, pretender):
    note(warehouse, pretender.pid)
    assert server.stop(warehouse)
    assert pretender.wait(10) is not None
    assert server.stop(warehouse) is None


def test_a_build_borrows_what_fits_and_gives_it_back(warehouse, pretender, monkeypatch):
    monkeypatch.setenv("SHOPSTREAM_WAREHOUSE", str(warehouse))
    monkeypatch.delenv("DBT_TARGET", raising=False)
    settings = Settings.from_environment()
    assert server.borrow(settings) == {}
    server._write(
        warehouse, server.Server(pretender.pid, 1, "t", made_from=server._made_from(settings))
    )
    assert server.borrow(settings) == {
        "DBT_TARGET": "connect",
        "SHOPSTREAM_REMOTE": "sc://localhost:1/;token=t",
    }
    assert server.running(warehouse).lent
    server.give_back(warehouse)
    assert not server.running(warehouse).lent
    monkeypatch.setenv("DBT_TARGET", "cluster")
    assert server.borrow(settings) == {}, "a target that was asked for is kept"


@pytest.mark.parametrize("lent", [True, False])
def test_a_server_never_given_back_or_of_other_settings_starts_anew(
    warehouse, pretender, monkeypatch, lent
):
    monkeypatch.setenv("SHOPSTREAM_WAREHOUSE", str(warehouse))
    monkeypatch.delenv("DBT_TARGET", raising=False)
    settings = Settings.from_environment()
    made_from = server._made_from(settings) if lent else "other settings"
    server._write(warehouse, server.Server(pretender.pid, 1, "t", made_from, lent=lent))
    started = []

    def start(_, port):
        started.append(port)
        return server.Server(os.getpid(), port, "new", made_from)

    monkeypatch.setattr(server, "start", start)
    assert server.borrow(settings)["SHOPSTREAM_REMOTE"] == "sc://localhost:1/;token=new"
    assert started == [1]
    assert pretender.wait(10) is not None


def test_a_port_in_use_and_no_server_are_told_in_a_line(tmp_path):
    warehouse = Warehouse(tmp_path)
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        with pytest.raises(ShopstreamError, match=f"port {port} of 127.0.0.1 is in use"):
            server.check_port(port)
    assert warehouse.run("shopstream", "server", "stop").returncode == 0
    ran = warehouse.run("shopstream", "server", "status")
    assert (ran.returncode, ran.stdout) == (1, "no Spark server of this warehouse runs\n")
    assert not list((tmp_path / "warehouse").glob("*.json"))


def test_the_settings_are_those_of_the_embedded_target(warehouse):
    settings = server.spark_settings({"SHOPSTREAM_WAREHOUSE": str(warehouse)})
    assert settings[server.WAREHOUSE] == str(warehouse)
    assert settings["spark.driver.host"] == "127.0.0.1"
    assert json.dumps(settings).count("{{") == 0
