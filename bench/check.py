"""Fingerprints of the core marts, so that contenders can be shown to hold equal tables.

Every column of the contract counts, but for the keys: each engine hashes in its own way. That an
event hangs on the right session is checked through the key: the hashes of a session's events are
summed by session_key and hashed together with what the session is in dim_sessions.
"""

from pathlib import Path

import duckdb
from deltalake import DeltaTable

# How a column of each kind is brought to one form, whatever the engine wrote.
FORMS = {
    "time": "epoch_us({})",
    "date": "({})::date::varchar",
    "number": "({})::bigint",
    "money": "(({}) * 100)::bigint",
    "text": "({})::varchar",
    "flag": "({})::boolean",
    "rate": "({})::double",
}
COUNTS = "total_events number, total_views number, total_carts number, total_purchases number"
COLUMNS = {
    "fct_events": "event_time time, event_date date, time_key number, event_type text, "
    "user_id number, product_id number, price money, quantity number",
    "dim_sessions": "user_id number, session_id text, session_start time, session_end time, "
    f"duration_seconds number, {COUNTS}, total_unknown number, total_spent money, "
    "unique_products number, unique_categories number, conversion_rate rate, has_purchased flag, "
    "is_anonymous flag, has_unknown_events flag",
    "dim_users": f"user_id number, first_seen_at time, last_seen_at time, total_sessions number, "
    f"{COUNTS}, total_spent money, user_segment text, is_anonymous flag",
    "dim_products": "product_id number, brand text, category_code text, category_id number, "
    f"last_price money, avg_price money, {COUNTS}, total_revenue money",
    "dim_time": "time_key number, event_date date, event_hour number, day_of_week number, "
    "day_name text, is_weekend flag, month number, year number",
}


def fingerprints(folder: Path) -> dict[str, str]:
    """Rows and hash of each core mart below `folder`, Delta tables or Parquet files."""
    with duckdb.connect() as db:
        _open(db, folder, COLUMNS)
        found = {}
        for table, columns in COLUMNS.items():
            rows, total = db.execute(
                f"select count(*), sum({_hash(columns)}::hugeint) from {table}"
            ).fetchone()
            found[table] = f"{rows} rows, {total or 0:x}"
        rows, total = db.execute(
            f"""
            with by_session as (
                select session_key, sum({_hash(COLUMNS["fct_events"])}::hugeint) as events
                from fct_events group by session_key
            )
            select count(*), sum(hash(user_id::bigint, session_id, events::varchar)::hugeint)
            from by_session join dim_sessions using (session_key)
            """
        ).fetchone()
        found["events of sessions"] = f"{rows} rows, {total or 0:x}"
    return found


def totals(folder: Path, queries: dict[str, str]) -> dict[str, str]:
    """The results of one-value queries over the tables below `folder`, as text."""
    with duckdb.connect() as db:
        _open(db, folder, [path.name for path in folder.iterdir() if path.is_dir()])
        return {name: str(db.execute(sql).fetchone()[0]) for name, sql in queries.items()}


def _hash(columns: str) -> str:
    forms = (column.split() for column in columns.split(", "))
    return f"hash({', '.join(FORMS[kind].format(name) for name, kind in forms)})"


def _open(db: duckdb.DuckDBPyConnection, folder: Path, tables) -> None:
    db.execute("set timezone = 'UTC'; set preserve_insertion_order = false")
    for table in tables:
        files = ", ".join(f"'{file}'" for file in _files(folder / table))
        db.execute(
            f"create view {table} as from read_parquet([{files}], hive_partitioning = true, "
            "union_by_name = true)"
        )


def _files(table: Path) -> list[str]:
    if (table / "_delta_log").is_dir():
        return sorted(DeltaTable(table).file_uris())
    return sorted(map(str, table.rglob("*.parquet")))
