"""The marts of a published build: Delta tables at their published versions, read by DuckDB.

Tables are opened as Arrow data sets, from which DuckDB reads only the columns and files that a
query needs. A query gives what a page shows, hundreds of rows, never a mart of users or events.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import duckdb
import pandas as pd
import streamlit as st

from shopstream.config import rules
from shopstream.published import Place, open_entry, place_of, read_published, rows_of

# All readers share one engine, and with it this much memory for what they sort and group.
ENGINE = {"memory_limit": "384MB", "autoinstall_known_extensions": False}


class MissingMart(Exception):
    """The published build has no such mart; `mart` names it."""

    def __init__(self, mart: str):
        super().__init__(mart)
        self.mart = mart


class EmptyMart(MissingMart):
    """The published build has the mart, without a row."""


@dataclass(frozen=True)
class Build:
    """One published build: where its tables lie (a folder or a URL) and at which versions."""

    place: Place
    build_id: int
    published_at: datetime
    tables: Mapping[str, dict]
    builds: tuple[dict, ...]

    @property
    def key(self) -> tuple:
        """What tells this build from any other."""
        return str(self.place), self.build_id, self.published_at

    def entry(self, mart: str) -> dict:
        """Path and version of a mart. Raises MissingMart."""
        if mart not in self.tables:
            raise MissingMart(mart)
        return self.tables[mart]


# Functions of a build: what they gave is kept by the build's key.
by_build = {"show_spinner": False, "hash_funcs": {Build: lambda build: build.key}}
cached = partial(st.cache_data, max_entries=400, **by_build)


def read_build(warehouse: Path) -> Build:
    """The build that readers of a warehouse, or of its copy in SHOPSTREAM_PUBLISHED, see now.

    Raises shopstream.errors.NothingPublished.
    """
    where = place_of(warehouse)
    published = read_published(where)
    return Build(
        place=where,
        build_id=published["build_id"],
        published_at=datetime.fromisoformat(published["published_at"]),
        tables={name.split(".")[1]: entry for name, entry in published["tables"].items()},
        builds=tuple(published["builds"]),
    )


@st.cache_resource(max_entries=200, **by_build)
def data_set(build: Build, mart: str):
    """One mart as an Arrow data set at its published version."""
    return rows_of(open_entry(build.place, build.entry(mart)))


@st.cache_resource(show_spinner=False)
def engine() -> duckdb.DuckDBPyConnection:
    """The one DuckDB of this server; it holds no rows and reaches no files."""
    connection = duckdb.connect(config=ENGINE)
    connection.execute("set global timezone = 'UTC'")
    connection.execute("set global enable_external_access = false")
    return connection


@cached()
def query(build: Build, sql: str, **values) -> pd.DataFrame:
    """Run `sql` over the marts it names; `$name` in it stands for the value of that name.

    Raises MissingMart for a mart that the build does not hold.
    """
    named = set(re.findall(r"(?:from|join)\s+([a-z_]+)", sql))
    steps = set(re.findall(r"([a-z_]+)\s+as\s+\(", sql))
    used = {name: value for name, value in values.items() if f"${name}" in sql}
    with engine().cursor() as cursor:
        for mart in sorted(named - steps):
            cursor.register(mart, data_set(build, mart))
        return in_plain_types(cursor.execute(sql, used).df())


def in_plain_types(found: pd.DataFrame) -> pd.DataFrame:
    """The same rows with decimals as numbers and times without a zone, which is UTC."""
    for column in found.columns:
        first = found[column].dropna().head(1)
        if len(first) and type(first.iloc[0]).__name__ == "Decimal":
            found[column] = found[column].astype(float)
        if pd.api.types.is_datetime64_any_dtype(found[column]):
            found[column] = found[column].dt.tz_localize(None)
    return found


def of_category(category: str | None, brand: str | None) -> str:
    """The condition of the category and brand filters, to be added to another."""
    within = "and (category_code = $category or starts_with(category_code, $category || '.'))"
    return f"{within if category else ''} {'and brand = $brand' if brand else ''}"


def null_defaults() -> dict[str, object]:
    """What a missing value of each column becomes."""
    return rules()["null_defaults"]
