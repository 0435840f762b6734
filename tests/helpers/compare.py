"""Whether two builds hold the same rows."""

import duckdb
import pyarrow as pa

LOADING_TIME = {"load_id", "loaded_at", "seen_at", "first_load_id", "last_load_id"}
# By which rules a date was cleaned: one that no backfill was asked for keeps its older ones.
LOADING_TIME |= {"rules_versions"}
# Their grain is a load or a build: a rebuild has had one only.
GRAIN_IS_A_LOAD = {"late_arrivals", "builds", "model_runs", "test_results"}


def first_difference(built: pa.Table, held: pa.Table) -> str | None:
    """None when both have the same rows, loading-time columns aside; else what differs first."""
    columns = [name for name in built.column_names if name not in LOADING_TIME]
    if set(columns) != set(held.column_names) - LOADING_TIME:
        return f"columns {held.column_names}, expected {built.column_names}"
    with duckdb.connect() as db:
        db.register("built", built.select(columns))
        db.register("held", held.select(columns))
        for word, query in {
            "missing": "from built except all from held",
            "too many": "from held except all from built",
        }.items():
            rows = db.sql(f"from ({query}) order by all limit 1").fetchall()
            if rows:
                return f"{word}: {dict(zip(columns, map(str, rows[0]), strict=True))}"
    return None


def digest(table: pa.Table) -> str:
    """One hash of all rows, whatever their order, loading-time columns aside."""
    columns = [name for name in sorted(table.column_names) if name not in LOADING_TIME]
    with duckdb.connect() as db:
        db.register("held", table.select(columns))
        query = f"select count(*), sum(hash({', '.join(columns)})::hugeint) from held"
        return "{}:{}".format(*db.sql(query).fetchall()[0])


def differences(built: dict[str, pa.Table], held: dict[str, pa.Table]) -> dict[str, str]:
    """Tables that differ, each with its first differing row; tables by load are left out."""
    names = set(built) - GRAIN_IS_A_LOAD
    assert names == set(held) - GRAIN_IS_A_LOAD
    unequal = [name for name in sorted(names) if digest(built[name]) != digest(held[name])]
    return {name: first_difference(built[name], held[name]) or "hash" for name in unequal}
