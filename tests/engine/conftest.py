"""A warehouse that has loaded two small files, made once for each worker."""

import shutil
from pathlib import Path

import pytest

from tests.helpers.two_files import FILES, HEADER
from tests.helpers.warm import WarmWarehouse


@pytest.fixture(scope="session")
def loaded(session, tmp_path_factory) -> Path:
    """A copy of the warehouse after two files were loaded one after the other."""
    session.start()
    for name, rows in FILES.items():
        (session.landing / name).write_text(HEADER + rows)
        session.build()
    saved = tmp_path_factory.mktemp("saved") / "warehouse"
    shutil.copytree(session.warehouse, saved)
    return saved


@pytest.fixture
def warm(session, loaded) -> WarmWarehouse:
    """The two files as they were loaded."""
    session.start()
    for name, rows in FILES.items():
        (session.landing / name).write_text(HEADER + rows)
    shutil.copytree(loaded, session.warehouse, dirs_exist_ok=True)
    return session
