"""By which code the tables of a warehouse were made: after a change they are computed anew.

Incremental models compute what changed in the data; a change of a model, a seed or the rules of
sessions changes all rows. `<warehouse>/.made-by` holds a fingerprint of these, or NOTHING while a
full refresh is under way, so that a refresh that was cut short is made again by the next build; it
holds it, too, where cleaned rows are lost or were written by another hand.
While tables are computed anew by other code, and after a refresh of the core marts alone, it holds
SEVERAL: all are computed anew by each build until one with the business marts has passed, also when
the change is taken back.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import yaml

from shopstream import disk
from shopstream.config import PROJECT

FILE = ".made-by"
NOTHING = "nothing yet: a full refresh was cut short"
SEVERAL = "several codes: no build of all marts by one code has passed"
# `shopstream backfill` brings the dates it is asked for up to date with these.
RULES_BY_DATE = {
    "window_start",
    "window_end",
    "null_defaults",
    "event_type_names",
    "max_price",
    "max_quantity",
    "store_currency",
    "sample_rows_per_file",
}


def all_code(*also: str) -> str:
    """One hash of all that decides what a build gives and whether it passes; `also` folders."""
    folders = ["models", "macros", "seeds", "tests/rules", "shopstream", "packages", *also]
    names = ["dbt_project.yml", "profiles.yml", "requirements.lock", "spark.lock", "jars.lock"]
    return _digest(*_files(folders), *(PROJECT / name for name in names)).hexdigest()


def code_of_tables() -> str:
    """One hash of what decides every row: models, macros, seeds, and all vars but rules by date."""
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())
    for name in RULES_BY_DATE:
        project["vars"].pop(name, None)
    digest = _digest(*_files(["models", "macros", "seeds", "packages"], ".sql", ".csv"))
    digest.update(yaml.safe_dump(project, sort_keys=True).encode())
    return digest.hexdigest()


def read(warehouse: Path) -> str | None:
    """Fingerprint of the code that made all tables, NOTHING, or None before the first build."""
    file = warehouse / FILE
    return file.read_text() if file.exists() else None


def write(warehouse: Path, code: str) -> None:
    """Note by which code all tables are made."""
    disk.write(warehouse / FILE, code)


def _files(folders: Iterable[str], *endings: str) -> Iterable[Path]:
    for folder in folders:
        for path in sorted((PROJECT / folder).rglob("*")):
            wanted = not endings or path.suffix in endings
            if path.is_file() and wanted and "__pycache__" not in path.parts:
                yield path


def _digest(*paths: Path):
    digest = hashlib.sha256()
    for path in paths:
        digest.update(str(path.relative_to(PROJECT)).encode() + path.read_bytes())
    return digest
