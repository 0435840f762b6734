"""What dbt's last run came to."""

import re
from pathlib import Path

from shopstream.plain import plain
from shopstream.warehouse import artifacts

SAYS_NOTHING = re.compile(r"[A-Z][a-z]+ Error in |An error occurred while calling ").match
CLASSES_OF_JAVA = re.compile(r"^(?:Caused by: |: )?(?:[\w$]+\.[\w.$]+: )*")


def failures(target: Path) -> list[tuple[str, str, str]]:
    """Models and tests that failed in dbt's last run: name, status, what was wrong in a line."""
    return [
        (result["unique_id"].split(".")[2], result["status"], in_a_line(result["message"] or ""))
        for result in artifacts.results(target)
        if result["status"] in {"error", "fail", "runtime error"}
    ]


def in_a_line(message: str) -> str:
    """What a message of dbt comes down to: the deepest cause of a stack trace, or its first words.

    "Runtime Error in model x (file)" and "An error occurred while calling o72.sql." say nothing.
    """
    lines = [line.strip() for line in message.strip().splitlines() if line.strip()]
    causes = [line for line in lines if line.startswith("Caused by: ")]
    says_more = [line for line in lines if not SAYS_NOTHING(line)]
    line = (causes[-1:] or says_more or lines or [""])[0]
    return plain(CLASSES_OF_JAVA.sub("", line))
