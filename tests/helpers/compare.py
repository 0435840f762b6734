"""Whether two builds hold the same rows."""

import duckdb
import pyarrow as pa

from shopstream.run.against import OF_ONE_BUILD, OF_ONE_LOAD, first_row_apart


def first_difference(built: pa.Table, held: pa.Table) -> str | None:
    """None when both have the same rows, without loading-time columns; else what differs first."""
    columns = [name for name in built.column_names if name not in OF_ONE_LOAD]
    if set(columns) != set(held.column_names) - OF_ONE_LOAD:
        return f"columns {held.column_names}, expected {built.column_names}"
    if apart := first_row_apart(built, held, ", ".join(f'"{name}"' for name in columns)):
        words, row = apart
        return f"it {words} {dict(zip(columns, row, strict=True))}"
    return None


def digest(table: pa.Table) -> str:
    """One hash of all rows, whatever their order, without loading-time columns."""
    columns = [name for name in sorted(table.column_names) if name not in OF_ONE_LOAD]
    with duckdb.connect() as db:
        db.register("held", table.select(columns))
        query = f"select count(*), sum(hash({', '.join(columns)})::hugeint) from held"
        return "{}:{}".format(*db.sql(query).fetchall()[0])


def differences(built: dict[str, pa.Table], held: dict[str, pa.Table]) -> dict[str, str]:
    """Tables that differ, each with its first differing row; tables by load are left out."""
    names = set(built) - OF_ONE_BUILD
    assert names == set(held) - OF_ONE_BUILD
    unequal = [name for name in sorted(names) if digest(built[name]) != digest(held[name])]
    return {name: first_difference(built[name], held[name]) or "hash" for name in unequal}
