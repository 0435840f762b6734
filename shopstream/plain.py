"""Text of others (names, values, errors) in a form that can't steer a terminal or forge a line."""

import logging
import re

# Control characters, line ends of all kinds, and marks that turn the reading direction around.
_STEERING = "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
_STEERS = re.compile(_STEERING)
_STEERS_OR_COLOURS = re.compile(rf"(\x1b\[[0-9;]*m|\t)|{_STEERING}")


def plain(text: str) -> str:
    """`text` with such characters as `\\x1b`, `\\n` or `\\u2028`."""
    return _STEERS.sub(_escaped, text)


def plain_lines(text: str) -> str:
    """The same of a text that may have lines, tabs and colours, such as what dbt prints."""
    lines = text.split("\n")
    return "\n".join(_STEERS_OR_COLOURS.sub(lambda m: m[1] or _escaped(m), line) for line in lines)


def plain_json(text: str) -> str:
    """The same of JSON, which stays JSON; what it escapes itself and its own line ends are kept."""
    return re.sub(r"(?!\n)" + _STEERING, lambda found: f"\\u{ord(found[0]):04x}", text)


def _escaped(found: re.Match) -> str:
    return found[0].encode("unicode_escape").decode()


class PlainFormatter(logging.Formatter):
    """Lines of a log: one entry begins one line, and what goes on in further ones is set in."""

    def format(self, record: logging.LogRecord) -> str:
        """The entry, with the traceback if it has one."""
        return "\n    ".join(plain(line) for line in super().format(record).split("\n"))
