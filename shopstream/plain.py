"""Text of others (names, values, errors) in a form that can't steer a terminal or forge a line."""

import re

# Control characters, line ends of all kinds, and marks that turn the reading direction around.
_STEERS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def plain(text: str) -> str:
    """`text` with such characters as `\\x1b`, `\\n` or `\\u2028`."""
    return _STEERS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
