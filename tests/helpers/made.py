"""A published build of hand-made rows, for tests of what the dashboard reads."""

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
from deltalake import write_deltalake

from dashboard import data


def made(warehouse: Path, **marts: pd.DataFrame) -> data.Build:
    """Publish these rows as the marts of those names, and give the build."""
    tables = {}
    for name, rows in marts.items():
        write_deltalake(warehouse / name, pa.Table.from_pandas(rows, preserve_index=False))
        tables[f"shopstream_made.{name}"] = {"path": name, "version": 0}
    build = {"build_id": 1, "published_at": "2019-11-01T00:00:00+00:00", "tables": tables}
    (warehouse / "published.json").write_text(json.dumps({**build, "builds": [build]}))
    return data.read_build(warehouse)
