"""An erasure from its first mark to its end, so that one cut short at any point is finished.

`<warehouse>/.erasure-unfinished` is written before anything else: it names the users, for their
rows may not be blanked yet, and goes when nothing older than the erasure is left. Beside the
warehouse lies what a backup of it can't take back: the key and the keyed hashes of all erased.
"""

import json
from pathlib import Path

from shopstream import disk
from shopstream.config import Settings
from shopstream.errors import LandingError
from shopstream.intake import corrections, erased_ids, landing
from shopstream.warehouse import operations
from shopstream.warehouse.maintenance import maintain
from shopstream.warehouse.tables import AUDIT_SCHEMA, REGISTER, table_folders

MARK = ".erasure-unfinished"


def unfinished(warehouse: Path) -> dict | None:
    """The erasure that has begun and not ended: `users`, and whether their rows are `blanked`."""
    try:
        # One of before the users were noted is empty: its rows are blanked.
        return {"users": [], "blanked": True} | json.loads((warehouse / MARK).read_text() or "{}")
    except FileNotFoundError:
        return None


def begin(warehouse: Path, user_id: int) -> list[str]:
    """Mark an erasure, then blank the user's rows; gives the landing files that hold some.

    Raises LandingError, and leaves no mark of an erasure that can't begin.
    """
    before = unfinished(warehouse)
    users = [*(before["users"] if before else []), user_id]
    _mark(warehouse, users, blanked=False)
    try:
        names = corrections.erase(warehouse, user_id)
    except LandingError:
        _mark(warehouse, **before) if before else (warehouse / MARK).unlink()
        raise
    _blanked(warehouse, users)
    return names


def is_owed(warehouse: Path) -> bool:
    """Whether an erasure was cut short, or undone by a backup that was put back."""
    begun = unfinished(warehouse)
    return bool(begun and not begun["blanked"]) or bool(landing.erased_elsewhere(warehouse))


def go_on(warehouse: Path) -> int:
    """Make what is owed good; how many erasures. No landed rows may be waiting."""
    begun = unfinished(warehouse) or {"users": [], "blanked": True}
    hashes = landing.erased_elsewhere(warehouse)
    users = set() if begun["blanked"] else set(begun["users"])
    users |= corrections.users_of(warehouse, hashes)
    if users:
        _mark(warehouse, sorted({*begun["users"], *users}), blanked=False)
        for user_id in users:
            if corrections.has_rows(warehouse):
                corrections.erase(warehouse, user_id)
            else:
                landing.note_erased(warehouse, landing.new_load(warehouse), user_id)
    landing.note_hashes(warehouse, hashes)  # of those, too, of whom nothing is held
    if users:
        _blanked(warehouse, sorted({*begun["users"], *users}))
    return max(len(users), len(hashes))


def purge(settings: Settings) -> list[str]:
    """Delete what is older than the published build; what may hold the users still, in words."""
    begun = unfinished(settings.warehouse)
    maintain(settings.warehouse, delist_all=True)
    (settings.warehouse / MARK).unlink()
    disk.sync_folder(settings.warehouse)
    words = []
    if others := tables_of_no_model(settings):
        words.append(
            "These tables are of no model of the project, or are snapshots, and were left as they "
            f"are; remove their folders if they may hold the user: {', '.join(others)}"
        )
    if files := files_that_name(settings, begun["users"]):
        words.append(f"These files hold the user's number; remove them: {', '.join(files)}")
    return words


def tables_of_no_model(settings: Settings) -> list[str]:
    """Tables that dbt, which has just built, makes by no model and knows as no source.

    Those of other schemas, such as `dev_core`, are among them, and snapshots, which keep old rows.
    """
    manifest = json.loads((settings.target / "manifest.json").read_text())
    nodes = manifest["nodes"].values()
    known = {
        f"{n['schema']}.{n.get('alias')}" for n in nodes if n.get("resource_type") != "snapshot"
    }
    known |= {f"{each['schema']}.{each['identifier']}" for each in manifest["sources"].values()}
    return [
        name
        for name in table_folders(settings.warehouse, "*")
        if name not in known and not name.startswith((REGISTER, AUDIT_SCHEMA))
    ]


def files_that_name(settings: Settings, users: list[int]) -> list[str]:
    """Logs, reports and compiled files that hold the number of a user."""
    numbers = erased_ids.numbers_of(users)
    return [
        str(path)
        for folder in (settings.logs, settings.target)
        for path in sorted(folder.rglob("*"))
        if users and path.is_file() and numbers.search(path.read_bytes())
    ]


def _mark(warehouse: Path, users: list[int], *, blanked: bool) -> None:
    # Only its owner may read it: it names users.
    disk.write(warehouse / MARK, json.dumps({"users": users, "blanked": blanked}), mode=0o600)


def _blanked(warehouse: Path, users: list[int]) -> None:
    for user_id in users:
        operations.forget_user(warehouse, user_id)
    disk.sync_all(warehouse)
    _mark(warehouse, users, blanked=True)
