"""A warehouse that knows no file any more, for tests that land the same bytes again."""

from pathlib import Path

from shopstream.intake import landing


def forget(warehouse: Path) -> None:
    """Empty the register, but for what its owner took out; loads are numbered on."""
    home = warehouse / f"{landing.SCHEMA}.db"
    landing._prepare(home)
    withdrawn = [file for file in landing.landed_files(warehouse) if file.withdrawn_at]
    landing._write_table(home, "landed_files", withdrawn)
    for name in ("refused_files", "deliveries", "backfills"):
        landing._write_table(home, name, [])
