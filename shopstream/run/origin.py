"""Where the rows that break a rule came from: the delivered file and the row in it."""

from pathlib import Path

import duckdb
from deltalake import DeltaTable

from shopstream.intake import register
from shopstream.published import rows_of
from shopstream.warehouse.tables import AUDIT_SCHEMA, folder_of, is_table

# How a failing row is found among events, by the first of these columns that the rule's rows have.
OF_AN_EVENT = ("event_key", "session_key", "category_key", "user_id", "product_id")


def origin(warehouse: Path, name: str) -> tuple[str, int] | None:
    """File and row of an event behind a rule's failing rows; None where there is none.

    It is one of the events that came last: the rule held before.
    """
    names = (f"{AUDIT_SCHEMA}.{name}", "shopstream_core.fct_events", "shopstream_staging.stg_rows")
    places = [folder_of(warehouse, name) for name in names]
    if not all(map(is_table, places)):
        return None
    with duckdb.connect() as db:
        for name, place in zip(("broken", "events", "landed"), places, strict=True):
            db.register(name, rows_of(DeltaTable(place)))
        column = next((name for name in OF_AN_EVENT if name in db.table("broken").columns), None)
        if column is None:
            return None
        found = db.execute(
            f"""
            select landed.file_key, landed.row_number
            from (select {column} from broken order by all limit 1)
            inner join events using ({column})
            inner join landed using (event_date, event_key)
            order by landed.load_id desc, landed.file_key, landed.row_number
            limit 1
            """
        ).fetchone()
    if not found:
        return None
    file_key, row_number = found
    files = {file.file_key: file.source_file for file in register.landed_files(warehouse)}
    return (files[file_key], row_number) if file_key in files else None
