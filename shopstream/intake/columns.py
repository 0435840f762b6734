"""The columns of an event, and where they stand in a delivered file."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from shopstream.intake.archives import Refused

if TYPE_CHECKING:
    from shopstream.intake.sources import Source

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


class Unnamed(Refused):
    """A file whose columns have not our names, and the names that they have."""

    def __init__(self, reason: str, names: list[str]) -> None:
        super().__init__(reason)
        self.names = names


def _shown(name: str) -> str:
    """A name with what nobody sees of it, such as a space of no width, as `\\u200b`."""
    seen = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in name[:40])
    return "".join(seen) or "(no name)"


def _notes(source: Source, missing: list[str], extra: list[str], given: list[str]) -> str | None:
    parts = [f"missing columns, taken as null: {', '.join(missing)}"] if missing else []
    parts += [f"read from the path: {', '.join(given)}"] if given else []
    shown = [_shown(name) for name in extra[:20]]
    shown += [f"and {len(extra) - 20:,} more"] if len(extra) > 20 else []
    parts += [f"extra columns, ignored: {', '.join(shown)}"] if extra else []
    described = [f"read by {source.file}"] if parts and source.file else []
    return "; ".join([*described, *parts]) or None


def resolve(
    names: list[str],
    remedy: str,
    source: Source,
    given: Collection[str] = (),
    *,
    may_lack: bool = False,
) -> tuple[dict[str, int], str | None]:
    """Where each of our columns stands among a file's columns, and what is to be noted.

    `given` are columns that the path has a value of. A file may lack a column that a description
    names only where rows may leave it out each by itself (`may_lack`). Raises Refused.
    """
    keys = [name.strip().lower() for name in names]
    wanted = {c: name for c in ROW_COLUMNS if (name := source.delivered(c))}
    doubled = sorted({name for name in wanted.values() if keys.count(name) > 1})
    if doubled:
        raise Refused(f"more than one column is named {', '.join(doubled)}: keep one of each")
    missing = [c for c, name in wanted.items() if name not in keys and c not in given]
    named = () if may_lack else source.columns
    lacking = [c for c in missing if c in REQUIRED or c in named]
    if lacking:
        shown = ", ".join(c if wanted[c] == c else f"{wanted[c]} ({c})" for c in lacking)
        found = ", ".join(_shown(key) for key in keys[:20])
        mend = f"mend {source.file}, or " if source.file else ""
        raise Unnamed(f"missing {shown}; found {found}: {mend}{remedy}", names)
    extra = [name.strip() for name in names if name.strip().lower() not in wanted.values()]
    where = {c: keys.index(name) for c, name in wanted.items() if name in keys}
    used = [c for c in given if c in wanted and c not in where]
    return where, _notes(source, missing, extra, used)
