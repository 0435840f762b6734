"""A warehouse that has loaded two small files."""

import shutil
from pathlib import Path

import pytest

from tests.helpers.two_files import FILES, HEADER
from tests.helpers.warm import WarmWarehouse


@pytest.fixture(scope="session")
def loaded(made_once, session) -> Path:
    """Landing files and tables after two files were loaded one after the other."""

    def build(folder: Path) -> None:
        session.start()
        for name, rows in FILES.items():
            (session.landing / name).write_text(HEADER + rows)
            session.build()
        session.save(folder)

    return made_once("loaded", build)


@pytest.fixture
def warm(session, loaded) -> WarmWarehouse:
    """The two files as they were loaded."""
    session.start((loaded / "landing").iterdir())
    shutil.copytree(loaded / "warehouse", session.warehouse, dirs_exist_ok=True)
    return session
