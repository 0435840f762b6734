"""SQL over the published marts with DuckDB, and its results as a table, CSV or JSON."""

import json
import re
import sys
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from shopstream.published import (
    NothingPublished,
    failing_rows,
    marts,
    open_table,
    read_published,
    rows_of,
)

SHOWN_ROWS = 200


def connect(warehouse: Path, sql: str) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection that knows the published tables which `sql` names.

    Tables are known as `schema.table` and by their bare name, and so are the failing rows of rules
    that the last build broke. Files are out of reach. Raises NothingPublished.
    """
    connection = duckdb.connect(config={"autoinstall_known_extensions": False})
    connection.execute("set timezone = 'UTC'")
    failing = failing_rows(warehouse)
    try:
        published = read_published(warehouse)
    except NothingPublished:
        if not failing:
            raise
        published = {"tables": {}}
    for name in [*published["tables"], *failing]:
        schema, table = name.split(".")
        if not re.search(rf"\b{table}\b", sql, re.IGNORECASE):
            continue
        held = failing.get(name) or open_table(warehouse, name, published)
        connection.register(f"__{table}", rows_of(held))
        connection.execute(f"create schema if not exists {schema}")
        connection.execute(f"create view {name} as from __{table}")
        connection.execute(f"create view {table} as from __{table}")
    connection.execute("set enable_external_access = false")
    return connection


def show(warehouse: Path, sql: str, form: str) -> None:
    """Run `sql` and print its rows; `form` is table, csv or json. Raises duckdb.Error."""
    try:
        result = connect(warehouse, sql).execute(sql)
    except duckdb.CatalogException as error:
        message, _, _ = str(error).partition("\n")
        if "Table with name" not in message:
            raise
        # DuckDB would suggest tables of its own.
        known = ", ".join(sorted(name.split(".")[1] for name in marts(read_published(warehouse))))
        raise duckdb.CatalogException(
            f"{message} What `make build` published last: {known}."
        ) from None
    if form == "csv":
        result.df().to_csv(sys.stdout, index=False)
        return
    columns = [column[0] for column in result.description]
    if form == "json":
        rows = [dict(zip(columns, row, strict=True)) for row in result.fetchall()]
        json.dump(rows, sys.stdout, indent=1, default=str, ensure_ascii=False)
        print()
        return
    rows = result.fetchmany(SHOWN_ROWS + 1)
    table = Table(*columns)
    for row in rows[:SHOWN_ROWS]:
        table.add_row(*("" if value is None else str(value) for value in row))
    Console().print(table)
    if len(rows) > SHOWN_ROWS:
        print(f"The first {SHOWN_ROWS} rows; --format csv gives all.")
