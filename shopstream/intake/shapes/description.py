"""Source descriptions as files: their text, their name, the files that they are of."""

import itertools
import re
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

from shopstream.intake.sources import ENDINGS, FOLDER

HEAD = (
    "# Proposed by shopstream inspect: look at it before a build. Keys: docs/how-to/sources.md.\n"
)
# What differs from delivery to delivery: dates, numbers of parts, ids of jobs.
_OF_ONE_DELIVERY = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?:19|20)\d\d[-_.]?\d\d(?:[-_.]?\d\d)?|\d{5,}"
)


def written(description: dict, files: list[str]) -> str:
    """The text of a description."""
    keys = {"files": files} | description
    return HEAD + yaml.safe_dump(keys, sort_keys=False, allow_unicode=True, width=100)


def exact(name: str) -> str:
    """The pattern of just this name."""
    return re.sub(r"([*?[])", r"[\1]", name)


def patterns(names: list[str], others: list[str]) -> list[str]:
    """Patterns of these files and of later deliveries of their kind, and of none of the others."""
    found = []
    for name in names:
        folder, slash, last = exact(name).rpartition("/")
        wide = folder + slash + _OF_ONE_DELIVERY.sub("*", last)
        if "[" in last or any(fnmatchcase(other, wide) for other in others):
            wide = exact(name)
        found.append(wide)
    return list(dict.fromkeys(found))


def write(landing: Path, names: list[str], description: dict, others: list[str]) -> Path:
    """Write a description of these files under a name that is free; returns its path."""
    folder = landing / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^a-z]+", "_", names[0].rpartition("/")[2].partition(".")[0].lower())
    stem = stem.strip("_") or "source"
    numbered = (stem if number == 1 else f"{stem}_{number}" for number in itertools.count(1))
    held = {each.stem for each in folder.iterdir() if each.suffix in ENDINGS}
    path = folder / f"{next(name for name in numbered if name not in held)}{ENDINGS[0]}"
    # Never over one that came in the meantime.
    with path.open("x") as file:
        file.write(written(description, patterns(names, others)))
    return path
