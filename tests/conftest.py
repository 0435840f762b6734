"""What the tests share: a warehouse that is built the way users build one, and the real rows."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from shopstream.sample import generate
from tests.helpers.warehouse import REAL_ROWS, Warehouse
from tests.helpers.warm import WITH_TESTS, Built, WarmWarehouse, marts_of

FOLDER = Path(__file__).parent
# PySpark takes a worker, whose main module is no file, for its own doctests, and looks for Spark.
vars(sys.modules["__main__"]).setdefault("__file__", __file__)
# Long files first, so that no worker is left with one at the end.
FIRST = ("engine", "dashboard", "dbt")


def pytest_collection_modifyitems(items) -> None:
    """Mark each test by the folder it lies in: pytest -m unit."""
    for item in items:
        item.add_marker(item.path.relative_to(FOLDER).parts[0])
    items.sort(key=lambda item: not item.path.relative_to(FOLDER).parts[0].startswith(FIRST))


@pytest.fixture(scope="session")
def real_rows() -> Path:
    """Folder of the real rows; the test is skipped where it is absent."""
    if not REAL_ROWS.is_dir():
        pytest.skip(f"no real rows in {REAL_ROWS}")
    return REAL_ROWS


@pytest.fixture(scope="session")
def made_once(tmp_path_factory, worker_id) -> Callable[[str, Callable[[Path], None]], Path]:
    """Makes a folder of a name that all workers read; the first that asks for it makes it."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent

    def folder_of(name: str, make: Callable[[Path], None]) -> Path:
        folder, made = shared / name, shared / f"{name}.made"
        with FileLock(shared / f"{name}.lock"):
            if not made.exists():
                shutil.rmtree(folder, ignore_errors=True)
                make(folder)
                made.touch()
        return folder

    return folder_of


@pytest.fixture(scope="session")
def daily(made_once) -> Warehouse:
    """The sample, built; then the next day's file, built again."""
    return Warehouse(made_once("daily", build_daily))


def build_daily(folder: Path) -> None:
    """Build the sample of all days but the last, then that day."""
    warehouse, files = Warehouse(folder), generate(folder / "sample", days=32)
    shutil.copytree(files[0].parent / "sources", warehouse.landing / "sources")
    for file in files[:-1]:
        shutil.copy(file, warehouse.landing)
    warehouse.build()
    assert warehouse.differences_from_oracle() == {}
    shutil.copy(files[-1], warehouse.landing)
    warehouse.build()


@pytest.fixture(scope="session")
def session(tmp_path_factory) -> WarmWarehouse:
    """The one Spark session of this process: many builds for the time of one start."""
    return WarmWarehouse(tmp_path_factory.mktemp("session"))


@pytest.fixture(scope="session")
def real(made_once, real_rows, session) -> Built:
    """The real rows, built with all marts and tests by dbt alone."""

    def build(folder: Path) -> None:
        session.start(real_rows.glob("*.csv"))
        session.build(*WITH_TESTS, all_marts=True)
        session.save(folder)

    folder = made_once("real", build)
    return Built(folder / "landing", marts_of(folder / "warehouse"))


@pytest.fixture(scope="session")
def warehouse(request) -> Path:
    """A warehouse with all marts; SHOPSTREAM_TEST_WAREHOUSE names one that is built already."""
    held = os.environ.get("SHOPSTREAM_TEST_WAREHOUSE")
    return Path(held) if held else request.getfixturevalue("daily").root / "warehouse"
