"""How the files of a source are read: `sources/<name>.yml` in a landing folder.

docs/how-to/sources.md tells people what such a description can say.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from shopstream.intake.archives import PACKED, event_format
from shopstream.intake.columns import EVENT_COLUMNS
from shopstream.intake.description import PRESETS, Description, SourceError

FOLDER = "sources"
ENDINGS = (".yml", ".yaml")


@dataclass(frozen=True)
class Source:
    """A description with its preset's keys filled in. The default one is of the nine columns.

    columns: our column -> the name delivered, lower case. event_types: type delivered, lower case
    -> ours. nulls: our column -> texts, lower case, that stand for nothing. hash: of all that
    decides what becomes of a row; "" where that is as without a description.
    """

    name: str = ""
    files: tuple[str, ...] = ()
    columns: dict[str, str] = field(default_factory=dict)
    time_format: str = "text"
    zone: str = "UTC"
    delimiter: str = ","
    header: tuple[str, ...] | None = None
    event_types: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    nulls: dict[str, tuple[str, ...]] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    hashed: tuple[str, ...] = ()
    window_start: date | None = None
    window_end: date | None = None
    file: str = ""
    line: int = 0
    hash: str = ""

    def delivered(self, column: str) -> str | None:
        """The name, lower case, under which a file has one of our columns; None where it hasn't."""
        if column in self.constants or column in self.absent:
            return None
        return self.columns.get(column, column if column in EVENT_COLUMNS else None)


DEFAULT = Source()


def sources(landing: Path) -> list[Source]:
    """The descriptions of a landing folder, by name. Raises SourceError."""
    folder = landing / FOLDER
    try:
        paths = sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        what = f"the folder can't be read ({error.strerror})"
        raise SourceError(f"{FOLDER}/", 1, what, "check its rights") from None
    return [described(path) for path in paths if is_description(path)]


def is_description(path: Path) -> bool:
    """Whether a file of the folder `sources` describes a source; others may be deliveries."""
    return path.suffix.lower() in ENDINGS and not path.name.startswith(".")


def described(path: Path) -> Source:
    """One description. Raises SourceError."""
    settings, line_of = _settings(path)
    file = f"{FOLDER}/{path.name}"
    if not settings.get("files"):
        what = "it does not say which files it describes"
        raise SourceError(file, 1, what, 'add a line such as files: ["clicks/*.csv"]')
    files = settings.pop("files")
    return _source(settings, name=path.stem, files=files, file=file, line=line_of["files",])


@cache
def preset(name: str) -> Source:
    """A preset by itself, of no files. Raises KeyError."""
    return _source(_settings(PRESETS / f"{name}.yml")[0], name=name)


def source_of(name: str, described: Iterable[Source]) -> Source:
    """The description of a delivered file by its name below the landing folder, else DEFAULT.

    A pattern that names a folder or a zip is of all within. Raises SourceError where two match.
    """
    first, *others = [s for s in described if any(_matches(name, p) for p in s.files)] or [DEFAULT]
    if others:
        what = f"{name} is described here and in {first.file}"
        raise SourceError(others[0].file, others[0].line, what, "change the patterns of one")
    return first


def of_no_file(names: Iterable[str], described: Iterable[Source]) -> list[str]:
    """The descriptions that are of none of these names."""
    names = list(names)
    return [
        source.file
        for source in described
        if not any(_matches(name, pattern) for name in names for pattern in source.files)
    ]


def format_of(name: str, described: Iterable[Source]) -> str | None:
    """The format of a delivered file by its ending, or csv where a pattern has its ending.

    None for a name that is no delivery. Raises SourceError.
    """
    known, patterns = event_format(name), source_of(name, described).files
    if known or not patterns:
        return known
    ending = Path(name).suffix.lower()
    if not any(_matches(name, p) and p.lower().endswith(ending) for p in patterns):
        return None
    return f"csv{ending}" if ending[1:] in PACKED else "csv"


def _matches(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern) or fnmatchcase(name, f"{pattern.rstrip('/')}/*")


def _source(settings: dict, **of_file) -> Source:
    decisive = Source(**{k: value for k, value in settings.items() if value not in ({}, (), None)})
    if decisive == DEFAULT:
        return replace(decisive, **of_file)
    text = json.dumps(asdict(decisive), sort_keys=True, default=str)
    return replace(decisive, **of_file, hash=hashlib.sha256(text.encode()).hexdigest())


def _settings(path: Path) -> tuple[dict, dict]:
    """The checked settings of a file on top of its preset's, and the lines of its keys."""
    shown = f"{FOLDER}/{path.name}" if path.parent != PRESETS else str(path)
    given = Description(shown, path)
    settings = given.settings()
    if "preset" in settings:
        settings = _merged(_settings(PRESETS / f"{settings.pop('preset')}.yml")[0], settings)
    given.check_together(settings)
    return settings, given.lines


def _merged(preset: dict, own: dict) -> dict:
    """Maps are merged key by key; a column is only at the place that was said last."""
    merged = {**preset, **own}
    said = {*own.get("columns", {}), *own.get("constants", {}), *own.get("absent", ())}
    for key in ("columns", "constants"):
        kept = {c: v for c, v in preset.get(key, {}).items() if c not in said}
        merged[key] = kept | own.get(key, {})
    merged["absent"] = own.get(
        "absent", tuple(c for c in preset.get("absent", ()) if c not in said)
    )
    for key in ("event_types", "nulls"):
        merged[key] = preset.get(key, {}) | own.get(key, {})
    return merged
