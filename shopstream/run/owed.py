"""What a run has to do: what is new, what was tested before, what is to be made anew."""

from pathlib import Path

from shopstream.config import Settings
from shopstream.errors import NothingPublished
from shopstream.intake import landing
from shopstream.published import newest_load, open_table, read_published
from shopstream.warehouse import fingerprint
from shopstream.warehouse.maintenance import tables_are_published


def is_anew(settings: Settings) -> bool:
    """Whether all rows are to be read anew."""
    return fingerprint.read(settings.warehouse) == fingerprint.NOTHING


def nothing_is_new(settings: Settings) -> bool:
    """Whether a build could only give what is published already."""
    try:
        made_from = read_published(settings.warehouse)["made_from"]
    except NothingPublished:
        return False
    if fingerprint.read(settings.warehouse) != fingerprint.code_of_tables():
        return False
    return made_from == inputs(settings) and tables_are_published(settings.warehouse)


def tested_load(warehouse: Path) -> int:
    """The latest load whose events passed the tests at hand, in the published build; 0 for none."""
    try:
        published = read_published(warehouse)
    except NothingPublished:
        return 0
    if (published["made_from"] or {}).get("code") != fingerprint.all_code():
        return 0
    return newest_load(open_table(warehouse, "shopstream_core.fct_events", published))


def inputs(settings: Settings) -> dict:
    """All that decides what a build gives: what is landed, and the code, rules and versions."""
    return {
        "register": landing.register_state(settings.warehouse),
        "code": fingerprint.all_code(),
        "only_core": False,
    }
