"""A Spark session that stays warm between builds: one server for a warehouse, on 127.0.0.1 only.

It is Spark Connect from pyspark's own distribution, with the settings of the embedded target.
`.server.json` in the warehouse says which process it is; when that process is gone, so is the
server. Whoever starts, stops or borrows it holds the lock of the warehouse.
"""

import hashlib
import json
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import psutil

from shopstream import disk
from shopstream.config import PROJECT, Settings
from shopstream.errors import ShopstreamError
from shopstream.run.engines import spark_settings
from shopstream.run.temporary import fresh_folder, kept_in

SECONDS_TO_START = 180
WAREHOUSE = "spark.sql.warehouse.dir"
MAIN_CLASS = "org.apache.spark.sql.connect.service.SparkConnectServer"


class ServerError(ShopstreamError):
    """Why there is no server, and what to do."""


@dataclass(frozen=True)
class Server:
    """A running server.

    made_from: hash of its settings. lent: a build works on it; found by a later build, that one
    was killed, and its last statement may be running still.
    """

    pid: int
    port: int
    token: str
    made_from: str
    lent: bool = False

    @property
    def address(self) -> str:
        """Where clients find it; the token keeps other users of the machine out."""
        return f"sc://localhost:{self.port}/;token={self.token}"

    def __str__(self) -> str:
        return f"Spark server of this warehouse, process {self.pid}, port {self.port} of 127.0.0.1"


def running(warehouse: Path) -> Server | None:
    """The server of a warehouse.

    A file whose process is gone, or that came with a copy of another warehouse, names none.
    """
    try:
        server = Server(**json.loads(_file(warehouse).read_text()))
        command = psutil.Process(server.pid).cmdline()
    except (FileNotFoundError, psutil.Error, ValueError, TypeError):
        return None
    return server if {MAIN_CLASS, f"{WAREHOUSE}={warehouse}"} <= set(command) else None


def start(settings: Settings, port: int) -> Server:
    """Start a server and wait until it answers; one that runs already is given as it is."""
    if server := running(settings.warehouse):
        return server
    check_port(port)
    options = {
        **_settings(settings),
        "spark.app.name": "shopstream server",
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
    }
    confs = [part for name, value in options.items() for part in ("--conf", f"{name}={value}")]
    submit = [spark_class(), "org.apache.spark.deploy.SparkSubmit", "--class", MAIN_CLASS]
    token = secrets.token_urlsafe()
    log = settings.logs / "server.log"
    with log.open("a") as output:
        process = subprocess.Popen(
            [*submit, *confs, "spark-internal"],
            cwd=PROJECT,
            env={
                **settings.environment(),
                **kept_in(fresh_folder(settings.warehouse, ".tmp-server")),
                "SPARK_CONNECT_AUTHENTICATE_TOKEN": token,
            },
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    server = Server(process.pid, port, token, _made_from(settings))
    _write(settings.warehouse, server)
    deadline = time.monotonic() + SECONDS_TO_START
    while not _answers(port):
        if process.poll() is not None or time.monotonic() > deadline:
            stop(settings.warehouse)
            raise ServerError(f"the Spark server did not start; {log} says why")
        time.sleep(0.1)
    return server


def check_port(port: int) -> None:
    """Raise ServerError where somebody listens on a port of 127.0.0.1 already."""
    if _answers(port):
        raise ServerError(f"port {port} of 127.0.0.1 is in use; choose another one with --port")


def stop(warehouse: Path) -> Server | None:
    """End the server; returns the one that was running."""
    if server := running(warehouse):
        process = psutil.Process(server.pid)
        process.terminate()
        try:
            process.wait(20)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait()
    _file(warehouse).unlink(missing_ok=True)
    return server


def borrow(settings: Settings) -> dict[str, str]:
    """The environment in which dbt works on the server; empty when none runs.

    A server that has other settings than a build would, or that was never given back, is started
    anew first.
    """
    server = running(settings.warehouse)
    if server is None or "DBT_TARGET" in os.environ:
        return {}
    if server.lent or server.made_from != _made_from(settings):
        stop(settings.warehouse)
        server = start(settings, server.port)
    _write(settings.warehouse, replace(server, lent=True))
    return {"DBT_TARGET": "connect", "SHOPSTREAM_REMOTE": server.address}


def stop_if_lent(warehouse: Path) -> None:
    """End a server that a killed build had borrowed: a statement of it may be writing still."""
    server = running(warehouse)
    if server and server.lent:
        stop(warehouse)


def give_back(warehouse: Path) -> None:
    """Say that no statement of a build is running on the server any more."""
    if server := running(warehouse):
        _write(warehouse, replace(server, lent=False))


def spark_class() -> Path:
    """The script of pyspark's own distribution that runs a class of Spark."""
    return Path(find_spec("pyspark").origin).parent / "bin" / "spark-class"


def pids(warehouse: Path) -> Iterator[int]:
    """The process of the server, if one runs."""
    if server := running(warehouse):
        yield server.pid


def _settings(settings: Settings) -> dict[str, str]:
    return spark_settings(settings.environment())


def _made_from(settings: Settings) -> str:
    """One hash of Spark's settings, and of the locked versions of its jars and packages."""
    digest = hashlib.sha256(json.dumps(_settings(settings), sort_keys=True).encode())
    for name in ["requirements.lock", "spark.lock", "jars.lock"]:
        digest.update((PROJECT / name).read_bytes())
    return digest.hexdigest()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _file(warehouse: Path) -> Path:
    return warehouse / ".server.json"


def _write(warehouse: Path, server: Server) -> None:
    disk.write(_file(warehouse), json.dumps(asdict(server)), mode=0o600)
