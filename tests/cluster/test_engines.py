"""The project, unchanged, on engines outside dbt's own process: the same rows as the embedded one.

`make test-cluster` runs it: a cluster of a master and two workers, and a Spark Connect server, each
on 127.0.0.1 and from pyspark's own distribution, build the core marts of a small sample.
"""

import json
import shutil
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from shopstream.sample import generate
from tests.cluster.local_cluster import LocalCluster
from tests.helpers.compare import differences
from tests.helpers.warehouse import Warehouse

CORE = ["build", "--exclude", "tag:commerce", "--exclude-resource-type", "unit_test", "test"]

TASKS_BEFORE_THE_KILL = 20


@pytest.fixture(scope="module")
def landing(tmp_path_factory) -> Path:
    """Six days of the sample."""
    return generate(tmp_path_factory.mktemp("sample"), events=20_000, days=6)[0].parent


@pytest.fixture(scope="module")
def embedded(tmp_path_factory, landing) -> dict:
    """The core marts as the embedded target builds them."""
    warehouse = landed(tmp_path_factory.mktemp("embedded"), landing)
    dbt(warehouse, DBT_TARGET="embedded")
    return rows(warehouse)


def landed(root: Path, files: Path) -> Warehouse:
    """A warehouse in which these files are landed, and nothing is built yet."""
    warehouse = Warehouse(root)
    shutil.copytree(files, warehouse.landing)
    assert warehouse.run("shopstream", "land").returncode == 0
    return warehouse


def dbt(warehouse: Warehouse, **variables: str) -> None:
    """Build the core marts by dbt alone."""
    ran = warehouse.run("dbt", *CORE, **variables)
    assert ran.returncode == 0, ran.stdout


def rows(warehouse: Warehouse) -> dict:
    return {name: table.to_pyarrow_table() for name, table in warehouse.marts().items()}


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_a_cluster_builds_the_same_rows_and_outlives_the_loss_of_a_worker(
    tmp_path, landing, embedded
):
    warehouse = landed(tmp_path / "cluster", landing)
    log = tmp_path / "events"
    log.mkdir()
    # What the profile leaves to Spark's own defaults: the cluster's log of events.
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "spark-defaults.conf").write_text(
        f"spark.eventLog.enabled true\nspark.eventLog.dir file://{log}\n"
        "spark.eventLog.compress false\nspark.eventLog.rolling.enabled false\n"
    )
    with (
        LocalCluster(tmp_path / "machines", port=free_port()) as cluster,
        ThreadPoolExecutor() as beside,
    ):
        build = beside.submit(
            dbt,
            warehouse,
            DBT_TARGET="cluster",
            SHOPSTREAM_MASTER=cluster.master,
            SHOPSTREAM_EXECUTOR_MEMORY="1g",
            SPARK_CONF_DIR=str(tmp_path / "conf"),
        )
        kill_a_busy_worker(cluster, build)
        while not (lost := lost_tasks(log)):  # its task had just ended
            cluster.add_worker()
            kill_a_busy_worker(cluster, build)
        build.result()
    assert differences(embedded, rows(warehouse)) == {}
    killed = {task["Task Info"]["Executor ID"] for task in lost}
    assert killed <= {event["Executor ID"] for event in events(log, "ExecutorRemoved")}
    finished = {
        (task["Stage ID"], task["Task Info"]["Index"]): task["Task Info"]["Executor ID"]
        for task in events(log, "TaskEnd")
        if task["Task End Reason"]["Reason"] == "Success"
    }
    for task in lost:
        assert finished[task["Stage ID"], task["Task Info"]["Index"]] not in killed


def kill_a_busy_worker(cluster: LocalCluster, build: Future) -> None:
    """Kill a worker and its executor in the middle of a build, while a task runs on it."""
    while not build.done():
        for worker in cluster.homes:
            begun, finished = cluster.tasks(worker)
            busy = worker.poll() is None and begun > max(finished, TASKS_BEFORE_THE_KILL)
            time.sleep(0.05)
            # The same task at both looks is no short one.
            if busy and cluster.tasks(worker) == (begun, finished):
                cluster.kill(worker)
                return
    build.result()
    raise AssertionError("the build ended before a worker could be killed")


def lost_tasks(log: Path) -> list[dict]:
    """Tasks that were running on an executor when it was lost, as Spark's event log has them."""
    time.sleep(10)  # until Spark has written them
    return [
        task
        for task in events(log, "TaskEnd")
        if task["Task End Reason"]["Reason"] == "ExecutorLostFailure"
    ]


def events(log: Path, kind: str) -> Iterator[dict]:
    """The events of a kind in the log of the one application."""
    (file,) = log.iterdir()
    for line in file.read_text().splitlines(keepends=True):
        # The last line may be half written.
        if line.endswith("\n") and f'"SparkListener{kind}"' in line:
            yield json.loads(line)


def test_a_connect_server_builds_the_same_rows(tmp_path, landing, embedded):
    warehouse = landed(tmp_path, landing)
    port = str(free_port())
    assert warehouse.run("shopstream", "server", "start", "--port", port).returncode == 0
    try:
        address = warehouse.run("shopstream", "server", "status", "--address").stdout.strip()
        dbt(warehouse, DBT_TARGET="connect", SHOPSTREAM_REMOTE=address)
    finally:
        warehouse.run("shopstream", "server", "stop")
    assert differences(embedded, rows(warehouse)) == {}
