"""What in the environment ended a run of dbt: no fault of a model or a test."""

import re
import shutil
import signal
from pathlib import Path

from shopstream.config import Settings
from shopstream.disk import too_many_files
from shopstream.warehouse import artifacts

FAILED = 1  # what dbt ends with where models or tests failed
JAVA_IS_GONE = re.compile(
    r"Answer from Java side is empty|Py4JNetworkError|Connection refused|ConnectionResetError|"
    r"Connection reset by peer|StatusCode\.UNAVAILABLE|SparkContext was (stopped|shut down)",
).search
NO_MEMORY = re.compile(
    r"OutOfMemoryError|Java heap space|GC overhead limit|ResourcesExhausted"
).search
NO_SPACE = re.compile(r"No space left on device|Disk quota exceeded").search
NO_FILES = re.compile(r"Too many open files").search


def cause_of_failure(settings: Settings, code: int) -> str | None:
    """Why dbt could not do its work, and what to do; None where a model or a test failed."""
    ran = artifacts.results(settings.target)
    said = "\n".join(each["message"] or "" for each in ran if "error" in each["status"])
    # The first error is the cause: what follows meets what it left.
    if NO_SPACE(said):
        return no_space(settings.warehouse)
    if NO_FILES(said):
        return too_many_files()
    if NO_MEMORY(said):
        return (
            "the engine had too little memory; set SHOPSTREAM_MEMORY, such as to 4g, and run it "
            f"again. Full logs: {settings.logs}"
        )
    if code < 0:
        return (
            f"dbt was ended by {signal.Signals(-code).name}; where nobody did so, the machine ran "
            "out of memory. Run it again"
        )
    if JAVA_IS_GONE(said):
        return (
            "Spark's Java process ended in the middle of its work; where nobody ended it, the "
            f"machine ran out of memory. {settings.logs / 'jvm.log'} may say more; run it again"
        )
    if code != FAILED or not ran:
        return (
            f"dbt ended with code {code}; its lines above and {settings.logs / 'dbt.log'} say why"
        )
    return None


def no_space(warehouse: Path) -> str:
    """The disk that is full, and what to do."""
    free = shutil.disk_usage(warehouse).free
    return (
        f"no space left on the disk of {warehouse}, where tables and temporary files lie "
        f"({free / 1e6:,.0f} MB free now). Free some and run it again: it goes on from the files "
        "that were landed, nothing is lost"
    )
