"""A Spark standalone cluster on 127.0.0.1, from pyspark's own distribution.

    .venv/bin/python -m tests.cluster.local_cluster [--workers N]

starts a master and workers of one core each, and runs until Ctrl-C. `DBT_TARGET=cluster dbt build`
in another terminal then works on it.
"""

import argparse
import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from shopstream.run.server import spark_class

WORKER = "org.apache.spark.deploy.worker.Worker"


class LocalCluster:
    """A master and workers below `root`; a context manager that ends them."""

    def __init__(self, root: Path, workers: int = 2, port: int = 7077, memory: str = "8g") -> None:
        self.root, self.memory = root, memory
        self.master = f"spark://127.0.0.1:{port}"
        self.processes: list[subprocess.Popen] = []
        self.homes: dict[subprocess.Popen, Path] = {}
        self.start("org.apache.spark.deploy.master.Master", "--port", str(port))
        wait_for(port)
        for _ in range(workers):
            self.add_worker()

    def add_worker(self) -> subprocess.Popen:
        """Start one more worker with one core."""
        home = self.root / f"worker{len(self.homes)}"
        resources = ["--cores", "1", "--memory", self.memory, "--work-dir", str(home)]
        worker = self.start(WORKER, *resources, self.master)
        self.homes[worker] = home
        return worker

    def tasks(self, worker: subprocess.Popen) -> tuple[int, int]:
        """How many tasks the executors of a worker have begun and finished, as they say."""
        said = "".join(log.read_text() for log in self.homes[worker].glob("*/*/stderr"))
        return said.count(": Running task "), said.count(": Finished task ")

    def start(self, main_class: str, *options: str) -> subprocess.Popen:
        """Start a part of the cluster as a process group of its own."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "cluster.log").open("a") as log:
            process = subprocess.Popen(
                [spark_class(), main_class, "--host", "127.0.0.1", "--webui-port", "0", *options],
                # The web pages listen on this address, and executors inherit it.
                env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def kill(self, worker: subprocess.Popen) -> None:
        """A machine that goes off: the worker and its executors, at once."""
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()

    def __enter__(self) -> "LocalCluster":
        return self

    def __exit__(self, *_) -> None:
        for process in reversed(self.processes):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill(process)


def wait_for(port: int, seconds: float = 60) -> None:
    """Until something listens on a port of this machine."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens on port {port}")


def main() -> None:
    """Run a cluster until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="cluster-") as folder,
        LocalCluster(Path(folder), options.workers) as cluster,
    ):
        print(f"{cluster.master} with {options.workers} workers; Ctrl-C ends it", flush=True)
        try:
            signal.pause()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
