"""Values that stand in a path, as Hive, Spark and DuckDB write partitions: `event_type=view/`."""

import hashlib
import json
from urllib.parse import unquote

from shopstream.intake.columns import EVENT_COLUMNS

NULL = "__HIVE_DEFAULT_PARTITION__"


def path_values(name: str) -> dict[str, str | None]:
    """Event columns that the folders of a `source_file` give; the innermost of one name counts."""
    values = {}
    for folder in name.split("/")[:-1]:
        key, is_pair, value = folder.replace("\\\\", "\\").partition("=")
        column = unquote(key).strip().lower()
        if is_pair and column in EVENT_COLUMNS:
            values[column] = None if value == NULL else unquote(value) or None
    return values


def sha_with(sha256: str, values: dict[str, str | None]) -> str:
    """What tells a content from others: its bytes and, where it needs them, values of its path."""
    if not values:
        return sha256
    return hashlib.sha256(json.dumps([sha256, sorted(values.items())]).encode()).hexdigest()
