"""SQL over the published marts with DuckDB, and its results as a table, CSV or JSON."""

import csv
import json
import math
import re
import sys
from pathlib import Path

import duckdb
from deltalake import DeltaTable
from rich.console import Console
from rich.table import Table
from rich.text import Text

from shopstream.errors import NothingPublished
from shopstream.plain import plain, plain_json
from shopstream.published import marts, open_table, read_published, rows_of
from shopstream.warehouse import operations
from shopstream.warehouse.tables import failing_rows, is_table, mart_folders

SHOWN_ROWS = 200
UNPUBLISHED = (
    "NOT PUBLISHED: these are the newest versions, of a build that may be running, have failed "
    "or be of several builds."
)
ASKS_FOR_TABLES = re.compile(r"\bshow\b|\binformation_schema\b", re.IGNORECASE).search


def connect(warehouse: Path, sql: str, *, unpublished: bool = False) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection that knows the published tables which `sql` names.

    Tables are known as `schema.table` and by their bare name, and so are the failing rows of rules
    that the last build broke. Files are out of reach. `unpublished` takes the newest version of
    each instead, whatever became of the build that wrote it. Raises NothingPublished.
    """
    connection = duckdb.connect(config={"autoinstall_known_extensions": False})
    connection.execute("set timezone = 'UTC'")
    failing = failing_rows(warehouse)
    if re.search(rf"\b{operations.NAME}\b", sql) and is_table(operations.folder(warehouse)):
        # It belongs to no build, so it is read as it is now.
        failing[operations.SHOWN_AS] = DeltaTable(operations.folder(warehouse))
    newest = mart_folders(warehouse) if unpublished else {}
    try:
        published = {"tables": newest} if newest else read_published(warehouse)
    except NothingPublished:
        if not failing:
            raise
        published = {"tables": {}}
    wants_all = ASKS_FOR_TABLES(sql)
    for name in [*published["tables"], *failing]:
        schema, table = name.split(".")
        if not wants_all and not re.search(rf"\b{table}\b", sql, re.IGNORECASE):
            continue
        if name in newest:
            held = DeltaTable(newest[name])
        else:
            held = failing.get(name) or open_table(warehouse, name, published)
        connection.register(table, rows_of(held))
        connection.execute(f"create schema if not exists {schema}")
        connection.execute(f"create view {name} as from temp.{table}")
    connection.execute("set enable_external_access = false")
    return connection


def show(warehouse: Path, sql: str, form: str, *, unpublished: bool = False) -> None:
    """Run `sql` and print its rows; `form` is table, csv or json. Raises duckdb.Error."""
    if unpublished:
        # csv and json stay what they are.
        print(UNPUBLISHED, file=sys.stdout if form == "table" else sys.stderr)
    try:
        result = connect(warehouse, sql, unpublished=unpublished).execute(sql)
    except duckdb.CatalogException as error:
        message, _, _ = str(error).partition("\n")
        if "Table with name" not in message:
            raise
        # DuckDB would suggest tables of its own.
        if unpublished:
            held, words = mart_folders(warehouse), "What the warehouse holds"
        else:
            held, words = marts(read_published(warehouse)), "What `make build` published last"
        known = ", ".join(sorted(name.split(".")[1] for name in held))
        raise duckdb.CatalogException(f"{message} {words}: {known}.") from None
    if result is None:
        raise duckdb.ParserException('there is no statement in it; try: "show tables"')
    columns = [column[0] for column in result.description]
    if form == "csv":
        # Not by way of a data frame: it makes floats of decimals.
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        while rows := result.fetchmany(10_000):
            # To a file as delivered; a terminal would obey control characters.
            writer.writerows(map(plain_row, rows) if sys.stdout.isatty() else rows)
        return
    if form == "json":
        if twice := {name for name in columns if columns.count(name) > 1}:
            raise duckdb.BinderException(
                f"JSON needs names of their own: {', '.join(sorted(twice))} is there twice; use as"
            )
        rows = [
            {name: json_value(value) for name, value in zip(columns, row, strict=True)}
            for row in result.fetchall()
        ]
        text = json.dumps(rows, indent=1, default=str, ensure_ascii=False, allow_nan=False)
        print(plain_json(text))
        return
    print_table(columns, result.fetchmany(SHOWN_ROWS + 1))


def print_table(columns: list[str], rows: list[tuple]) -> None:
    """Print the first rows, for people."""
    table = Table()
    for column in columns:
        # On a narrow terminal values go on in the next line; none is cut.
        table.add_column(Text(plain(column)), overflow="fold")
    for row in rows[:SHOWN_ROWS]:
        # Text is not read as markup: names and values come from whoever sends files.
        table.add_row(*(Text("" if value is None else plain(str(value))) for value in row))
    # Into a pipe or a file as wide as need be.
    Console(width=None if sys.stdout.isatty() else 10_000).print(table)
    if len(rows) > SHOWN_ROWS:
        print(f"The first {SHOWN_ROWS} rows; --format csv gives all.")


def plain_row(row: tuple) -> list[object]:
    """A row for a terminal."""
    return [plain(value) if isinstance(value, str) else value for value in row]


def json_value(value: object) -> object:
    """A value for JSON, which has no number that is none or infinite."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
