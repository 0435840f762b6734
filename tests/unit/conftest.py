"""A small published warehouse, of which no engine is needed."""

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from shopstream.config import Settings
from shopstream.intake import landing
from shopstream.warehouse import fingerprint
from shopstream.warehouse.publishing import publish
from tests.helpers.shop import Shop


@pytest.fixture
def shop(tmp_path) -> Shop:
    """An empty landing folder and a warehouse."""
    return Shop(tmp_path)


@pytest.fixture
def settings(tmp_path) -> Settings:
    """Folders with one landed file, its register, and a published mart."""
    names = ("landing", "warehouse", "sample", "logs", "target")
    for name in names:
        (tmp_path / name).mkdir()
    made = Settings(*(tmp_path / name for name in names))
    header = "event_time,event_type,product_id,user_id"
    (made.landing / "a.csv").write_text(f"{header}\n2019-10-01 10:00:00,view,1,7\n")
    landing.land(made.landing, made.warehouse)
    for schema in ("core", "staging"):
        folder = made.warehouse / f"shopstream_{schema}.db/one"
        write_deltalake(folder, pa.table({"n": [1]}))
    publish(made.warehouse)
    fingerprint.write(made.warehouse, fingerprint.code_of_tables())
    return made
