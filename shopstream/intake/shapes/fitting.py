"""Whether a preset, or our own order of columns, is the shape of a file."""

from shopstream.intake.columns import EVENT_COLUMNS, ROW_COLUMNS
from shopstream.intake.description import HASHABLE, NEEDED, presets
from shopstream.intake.shapes.head import Head
from shopstream.intake.shapes.values import MOST, TEXT, Column
from shopstream.intake.sources import Source, preset

LEAST_RENAMED = 2  # columns by which a preset is known


def fitting(head: Head, columns: dict[str, Column]) -> dict:
    """The description of a file of a known shape, less `files`; empty where none is known.

    `columns` are those of the head by their delivered names.
    """
    if not head.has_header and _has_header(head, columns, Source(), EVENT_COLUMNS):
        made = {"header": list(EVENT_COLUMNS)}
        return made if head.delimiter == "," else made | {"delimiter": head.delimiter}
    fits = {name: _renamed(head, columns, preset(name)) for name in presets()}
    best = max(fits, key=fits.get, default="")
    if not best or fits[best] < LEAST_RENAMED:
        return {}
    differs = head.form == "csv" and head.delimiter != preset(best).delimiter
    return {"preset": best} | ({"delimiter": head.delimiter} if differs else {})


def _renamed(head: Head, columns: dict[str, Column], source: Source) -> int:
    """How many of its columns a preset renames, all of them being there; 0 where it doesn't fit."""
    if not head.has_header:
        # Few columns of numbers could be anything: the file's name has to say so, too.
        is_named = any(word in head.name.lower() for word in source.name.split("_"))
        held = source.header and is_named and _has_header(head, columns, source, source.header)
        return len(source.header) if held else 0
    if source.header:
        return 0
    by_name = {name.strip().lower(): column for name, column in columns.items()}
    needed = [c for c in (*NEEDED, "user_id") if source.delivered(c)]
    if any(source.delivered(c) not in by_name for c in needed):
        return 0
    if not _is_time(by_name[source.delivered("event_time")], source):
        return 0
    return sum(name in by_name and name != ours for ours, name in source.columns.items())


def _has_header(head: Head, columns: dict[str, Column], source: Source, header: tuple) -> bool:
    """Whether the values of a file without a header are those that these names promise."""
    if len(header) != len(head.names):
        return False
    by_name = {
        name.strip().lower(): columns[held] for name, held in zip(header, head.names, strict=True)
    }
    if "event_type" in source.constants and any(c.are_event_types for c in columns.values()):
        return False
    return all(
        _holds(ours, by_name[name], source)
        for ours in ROW_COLUMNS
        if (name := source.delivered(ours)) in by_name
    )


def _holds(ours: str, column: Column, source: Source) -> bool:
    if not column.filled:
        return ours not in NEEDED
    if ours == "event_time":
        return _is_time(column, source)
    if ours == "event_type":
        return column.are_event_types
    if ours in HASHABLE and ours not in source.hashed:
        # A category is no number in some rows of YooChoose, and -1 then.
        return ours == "category_id" or column.shares["whole"] > MOST
    if ours in ("price", "quantity"):
        return column.shares["number"] > MOST
    return True


def _is_time(column: Column, source: Source) -> bool:
    return column.times.format == source.time_format or (
        source.time_format != TEXT and source.time_format in column.times.either
    )
