"""Where the rows that break a rule came from: the delivered file and the row in it."""

from pathlib import Path

import duckdb
from deltalake import DeltaTable

from shopstream.intake import register
from shopstream.published import rows_of
from shopstream.warehouse.tables import AUDIT_SCHEMA, folder_of, is_table

# How a failing row is found among events, by the first of these columns that the rule's rows have.
OF_AN_EVENT = ("event_key", "session_key", "category_key", "user_id", "product_id")


def origin(warehouse: Path, rule: str) -> tuple[str, int] | None:
    """File and row of the first event behind a rule's failing rows; None where no event is.

    Of rows that came in several loads it is one of the last: the rule held before.
    """
    places = [
        folder_of(warehouse, name)
        for name in (
            f"{AUDIT_SCHEMA}.{rule}",
            "shopstream_core.fct_events",
            "shopstream_staging.stg_rows",
        )
    ]
    if not all(map(is_table, places)):
        return None
    failing, events, rows = (rows_of(DeltaTable(place)) for place in places)
    column = next((name for name in OF_AN_EVENT if name in failing.schema.names), None)
    if column is None:
        return None
    with duckdb.connect() as db:
        for name, table in (("failing", failing), ("events", events), ("landed", rows)):
            db.register(name, table)
        found = db.execute(
            f"""
            select landed.file_key, landed.row_number
            from (select {column} from failing order by all limit 1) as broken
            inner join events using ({column})
            inner join landed using (event_date, event_key)
            where landed.fate = 'accepted'
            order by landed.load_id desc, landed.file_key, landed.row_number
            limit 1
            """
        ).fetchone()
    if found is None:
        return None
    names = {file.file_key: file.source_file for file in register.landed_files(warehouse)}
    return (names[found[0]], found[1]) if found[0] in names else None
