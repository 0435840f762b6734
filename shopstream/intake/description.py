"""One description of a source, as text: each key is checked, and a fault told with its line."""

import re
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import NoReturn

import yaml

from shopstream.config import time_zones
from shopstream.errors import LandingError
from shopstream.intake.columns import ROW_COLUMNS
from shopstream.plain import plain

PRESETS = Path(__file__).parent / "presets"
NEEDED = ("event_time", "event_type", "product_id")
HASHABLE = ("user_id", "product_id", "category_id")
TIME_FORMATS = ("text", "epoch_seconds", "epoch_milliseconds", "epoch_microseconds")
_DIRECTIVE = re.compile(r"%(-[dmyHIMSj]|.|$)", re.DOTALL)
_DIRECTIVES = {*"aAbBdfgHIjmMnpSyYz%", *(f"-{letter}" for letter in "dmyHIMSj")}
# A format has to give one of each: a date is no time.
_PARTS = ({"Y", "y", "-y"}, {"m", "-m", "b", "B", "j", "-j"}, {"d", "-d", "j", "-j"})
_PARTS += ({"H", "-H", "I", "-I"},)


class SourceError(LandingError):
    """A wrong description: file, line (from 1), what is wrong, and the remedy."""

    def __init__(self, file: str, line: int, what: str, remedy: str) -> None:
        super().__init__(plain(f"{file}, line {line}: {what}: {remedy}"))
        self.file, self.line, self.what, self.remedy = file, line, what, remedy


def presets() -> list[str]:
    """The names of the presets."""
    return sorted(path.stem for path in PRESETS.glob("*.yml"))


class Description:
    """The text of one file, with the line of each key."""

    def __init__(self, shown: str, path: Path) -> None:
        self.shown, self.lines = shown, {}
        try:
            node = yaml.compose(path.read_text("utf-8-sig"), yaml.BaseLoader)
            self.values = {} if node is None else self._value(node, ())
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            line = mark.line + 1 if mark else 1
            what = f"this is not YAML ({getattr(error, 'problem', None) or 'no text of UTF-8'})"
            remedy = "see the examples in docs/how-to/sources.md"
            raise SourceError(shown, line, what, remedy) from None
        except OSError as error:
            what = f"it can't be read ({error.strerror})"
            raise SourceError(shown, 1, what, "check its rights") from None
        if not isinstance(self.values, dict):
            self.wrong((), "this is not a list of keys", "write lines such as delimiter: ';'")

    def _value(self, node: yaml.Node, at: tuple):
        """Texts, lists and maps of a node: no text is taken for a number, a date or a yes."""
        self.lines.setdefault(at, node.start_mark.line + 1)
        if isinstance(node, yaml.ScalarNode):
            return node.value
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*at, number)) for number, item in enumerate(node.value)]
        values = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else str(key.value)
            self.lines[(*at, name)] = key.start_mark.line + 1
            if name in values:
                self.wrong((*at, name), f"{name} comes twice", "keep one of them")
            values[name] = self._value(value, (*at, name))
        return values

    def wrong(self, at: tuple, what: str, remedy: str) -> NoReturn:
        """Raise SourceError at the line of a key."""
        while at not in self.lines and at:
            at = at[:-1]
        raise SourceError(self.shown, self.lines.get(at, 1), what, remedy)

    def settings(self) -> dict:
        """The fields of Source that the file gives, each checked by itself; and its preset."""
        found: dict = {}
        for key in self.values:
            read: Callable | None = getattr(self, f"_read_{key}", None)
            if read is None:
                keys = (name.removeprefix("_read_") for name in dir(self) if "_read_" in name)
                self.wrong((key,), f"{key} is not a key", f"write one of {', '.join(keys)}")
            found |= read(key)
        return found

    def check_together(self, settings: dict) -> None:
        """What only shows beside other keys, the preset's too."""
        columns, constants = settings.get("columns", {}), settings.get("constants", {})
        absent = settings.get("absent", ())
        for column in ROW_COLUMNS:
            places = [
                p for p in ("columns", "constants", "absent") if column in settings.get(p, ())
            ]
            if len(places) > 1:
                what = f"{column} is under {' and '.join(places)}"
                self.wrong((places[1], column), what, "keep one of them")
        header = settings.get("header")
        names = [name.strip().lower() for name in header or ()]
        for column in ROW_COLUMNS if header else ():
            name = columns.get(column)
            if name and name not in names:
                what = f"{name}, which is to be {column}, is not in header"
                self.wrong(("columns", column), what, "name it in header as here")
            needed = column in (*NEEDED, "user_id") and column not in (*constants, *absent)
            if needed and not name and column not in names:
                self.wrong(("header",), f"no column is {column}", "name it under columns")

    def _map(self, key: str) -> dict:
        value = self.values[key] or {}
        if not isinstance(value, dict):
            self.wrong((key,), f"{key} is not a map", f"write {key}: {{name: value}}")
        return value

    def _texts(self, at: tuple, value: object) -> list[str]:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.wrong(at, f"{at[0]} is not a list of texts", f"write {at[-1]}: [one, two]")
        return value

    def _text(self, at: tuple, value: object) -> str:
        if not isinstance(value, str) or not value.strip():
            self.wrong(at, f"{at[-1]} is not one text", f"write {at[-1]}: text")
        return value.strip()

    def _ours(self, at: tuple, column: str, among: Iterable[str] = ROW_COLUMNS) -> None:
        if column not in among:
            what = f"{column} is not one of the columns that can stand here"
            self.wrong(at, what, f"write one of {', '.join(among)}")

    def _columns_of(self, key: str, among: Iterable[str]) -> tuple[str, ...]:
        columns = self._texts((key,), self.values[key])
        for number, column in enumerate(columns):
            self._ours((key, number), column, among)
        return tuple(columns)

    def _read_files(self, key: str) -> dict:
        value = self.values[key]
        patterns = [value] if isinstance(value, str) and value else self._texts((key,), value)
        for number, pattern in enumerate(patterns):
            if not pattern or pattern.startswith(("/", "./", "../")):
                what = f"{pattern!r} is not a pattern of names below the landing folder"
                self.wrong((key, number), what, 'write one such as "clicks/*.csv"')
        return {"files": tuple(patterns)}

    def _read_preset(self, key: str) -> dict:
        name = self.values[key]
        if name not in presets():
            self.wrong((key,), f"{name} is not a preset", f"write one of {', '.join(presets())}")
        return {"preset": name}

    def _read_columns(self, key: str) -> dict:
        columns = {}
        for column, name in self._map(key).items():
            self._ours((key, column), column)
            columns[column] = self._text((key, column), name).lower()
        return {"columns": columns}

    def _read_time(self, key: str) -> dict:
        found, named = {}, {"format": "time_format", "zone": "zone"}
        for name, value in self._map(key).items():
            if name not in named:
                self.wrong((key, name), f"{name} is not a key of time", "write format or zone")
            found[named[name]] = self._text((key, name), value)
        self._check_format(found.get("time_format", "text"))
        if found.get("zone", "UTC") not in time_zones():
            what = f"{found['zone']} is not a time zone"
            self.wrong((key, "zone"), what, "write a name such as Europe/Berlin")
        return found

    def _check_format(self, text: str) -> None:
        if text in TIME_FORMATS:
            return
        at, used = ("time", "format"), set(_DIRECTIVE.findall(text))
        if not used:
            what = f"{text} is not a format of times"
            remedy = f'write {", ".join(TIME_FORMATS)}, or one such as "%d.%m.%Y %H:%M:%S"'
            self.wrong(at, what, remedy)
        if unknown := sorted(used - _DIRECTIVES):
            known = ", ".join(f"%{name}" for name in sorted(_DIRECTIVES) if "-" not in name)
            what = f"%{unknown[0]} can't stand in a format of times"
            self.wrong(at, what, f"use {known}")
        if not all(used & part for part in _PARTS):
            what = f"{text} lacks year, month, day or hour"
            self.wrong(at, what, "a date alone is no time: have the source export times")

    def _read_delimiter(self, key: str) -> dict:
        value = self.values[key]
        if not isinstance(value, str) or len(value) != 1 or value in '"\r\n' or ord(value) > 127:
            what = f"delimiter {value!r} is not one character"
            self.wrong((key,), what, 'write one such as ";", a tabulator as "\\t" in double quotes')
        return {"delimiter": value}

    def _read_header(self, key: str) -> dict:
        names = self._texts((key,), self.values[key])
        if not names:
            self.wrong((key,), "header names no column", "write one name for each column of a row")
        return {"header": tuple(names)}

    def _read_event_types(self, key: str) -> dict:
        types: dict[str, str] = {}
        for name, ours in self._map(key).items():
            lower = name.strip().lower()
            if lower in types:
                self.wrong((key, name), f"{lower} comes twice, in any case", "keep one of them")
            types[lower] = self._text((key, name), ours).lower()
        return {"event_types": types}

    def _read_constants(self, key: str) -> dict:
        constants = {}
        for column, value in self._map(key).items():
            self._ours((key, column), column, [c for c in ROW_COLUMNS if c != "event_time"])
            constants[column] = self._text((key, column), value)
        return {"constants": constants}

    def _read_nulls(self, key: str) -> dict:
        nulls = {}
        for column, texts in self._map(key).items():
            self._ours((key, column), column)
            found = self._texts((key, column), texts)
            nulls[column] = tuple(text.strip().lower() for text in found)
        return {"nulls": nulls}

    def _read_absent(self, key: str) -> dict:
        columns = self._columns_of(key, ROW_COLUMNS)
        if needed := [column for column in columns if column in NEEDED]:
            what = f"there is no event without {needed[0]}"
            self.wrong((key,), what, "name its column under columns, or its value under constants")
        return {"absent": columns}

    def _read_hashed(self, key: str) -> dict:
        return {"hashed": self._columns_of(key, HASHABLE)}

    def _read_window(self, key: str) -> dict:
        found, named = {}, {"start": "window_start", "end": "window_end"}
        for name, value in self._map(key).items():
            if name not in named:
                self.wrong((key, name), f"{name} is not a key of window", "write start or end")
            try:
                found[named[name]] = date.fromisoformat(self._text((key, name), value))
            except ValueError:
                what = f"{value} is not a date"
                self.wrong((key, name), what, "write one such as 2019-10-01")
        if len(found) == 2 and found["window_start"] > found["window_end"]:
            self.wrong((key,), "the window ends before it starts", "exchange start and end")
        return found
