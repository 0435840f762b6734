"""What was measured as Delta tables, beside those that each build writes of itself."""

from pathlib import Path

import pyarrow as pa
from deltalake import write_deltalake

from shopstream.warehouse.build_log import SCHEMA


def schema(columns: str) -> pa.Schema:
    """The columns of a table, as `name type, name type`."""
    pairs = (column.split() for column in columns.split(","))
    return pa.schema([(name, pa.type_for_alias(kind)) for name, kind in pairs])


def write_table(warehouse: Path, name: str, rows: list[dict], columns: pa.Schema) -> None:
    """Replace a table of the performance schema as one commit."""
    # Lines of older code lack what was not measured then.
    rows = [{field: row.get(field) for field in columns.names} for row in rows]
    table = pa.Table.from_pylist(rows, columns)
    write_deltalake(
        warehouse / f"{SCHEMA}.db" / name, table, mode="overwrite", schema_mode="overwrite"
    )
