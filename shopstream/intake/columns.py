"""The columns of an event, and where they stand in a delivered file."""

from collections.abc import Collection

from shopstream.intake.archives import Refused

EVENT_COLUMNS = (
    "event_time",
    "event_type",
    "product_id",
    "category_id",
    "category_code",
    "brand",
    "price",
    "user_id",
    "user_session",
)
# Read only where a source description maps or gives them: a file may use the names for its own.
MAPPED_COLUMNS = ("quantity", "currency")
ROW_COLUMNS = (*EVENT_COLUMNS, *MAPPED_COLUMNS)
REQUIRED = ("event_time", "event_type", "product_id", "user_id")


def _notes(missing: list[str], extra: list[str], given: list[str]) -> str | None:
    parts = [f"missing columns, taken as null: {', '.join(missing)}"] if missing else []
    parts += [f"read from the path: {', '.join(given)}"] if given else []
    shown = [name[:40] or "(no name)" for name in extra[:20]]
    shown += [f"and {len(extra) - 20:,} more"] if len(extra) > 20 else []
    parts += [f"extra columns, ignored: {', '.join(shown)}"] if extra else []
    return "; ".join(parts) or None


def resolve(
    names: list[str], remedy: str, given: Collection[str] = ()
) -> tuple[dict[str, int], str | None]:
    """Where each event column stands among a file's columns, and what is to be noted.

    `given` are columns that the path has a value of. Raises Refused.
    """
    keys = [name.strip().lower() for name in names]
    doubled = [column for column in EVENT_COLUMNS if keys.count(column) > 1]
    if doubled:
        raise Refused(f"more than one column is named {', '.join(doubled)}: keep one of each")
    missing = [column for column in EVENT_COLUMNS if column not in {*keys, *given}]
    if not set(missing).isdisjoint(REQUIRED):
        lacking = ", ".join(column for column in missing if column in REQUIRED)
        found = ", ".join(key[:40] or "(no name)" for key in keys[:20])
        raise Refused(f"missing {lacking}; found {found}: {remedy}")
    extra = [name.strip() for name in names if name.strip().lower() not in EVENT_COLUMNS]
    return {c: keys.index(c) for c in EVENT_COLUMNS if c in keys}, _notes(
        missing, extra, [c for c in EVENT_COLUMNS if c in given and c not in keys]
    )
