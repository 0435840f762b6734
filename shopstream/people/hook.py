"""Tell somebody of trouble: a command of the user's, run when something goes wrong."""

import logging
import os
import signal
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile

import duckdb

from shopstream.published import open_table, read_published, rows_of

ANOMALIES = "shopstream_commerce.hourly_anomalies"
SECONDS = 60
MOST_CHARACTERS = 30_000  # Linux takes 128 KiB for one variable, and a character has up to four
log = logging.getLogger(__name__)


def is_set() -> bool:
    """Whether anybody wants to hear."""
    return bool(os.environ.get("SHOPSTREAM_HOOK"))


def announce(event: str, message: str) -> None:
    """Run SHOPSTREAM_HOOK, if it is set, with SHOPSTREAM_EVENT and SHOPSTREAM_MESSAGE.

    event: failed, refused or anomaly. What the command does, or that it fails, goes to the log.
    """
    if not is_set():
        return
    command = os.environ["SHOPSTREAM_HOOK"]
    if len(message) > MOST_CHARACTERS:
        message = f"{message[:MOST_CHARACTERS]} ..."
    environment = {**os.environ, "SHOPSTREAM_EVENT": event, "SHOPSTREAM_MESSAGE": message}
    with TemporaryFile() as said:
        try:
            # A session of its own, so that all it starts can be stopped. What it leaves running
            # when it ends is its own affair.
            process = subprocess.Popen(
                command,
                shell=True,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            log.error("SHOPSTREAM_HOOK (%s) could not be run: %s", event, error)
            return
        try:
            code = process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            log.error("SHOPSTREAM_HOOK took over a minute and was stopped (%s)", event)
            return
        said.seek(0)
        words = said.read(MOST_CHARACTERS).decode(errors="replace")
        log.info("SHOPSTREAM_HOOK (%s) ended with %s: %s", event, code, words)


def new_anomalies(warehouse: Path) -> list[str]:
    """Alarms that the build before the published one did not have, in words. One that goes on for
    another hour is told once."""
    builds = read_published(warehouse)["builds"]
    now, *before = [_alarms(warehouse, build) for build in builds[:2]]
    told = before[0] if before else {}
    return sorted(words for alarm, words in now.items() if alarm not in told)


def _alarms(warehouse: Path, build: dict) -> dict[str, str]:
    if ANOMALIES not in build["tables"]:
        return {}
    hours = rows_of(open_table(warehouse, ANOMALIES, build))
    with duckdb.connect() as db:
        db.register("hours", hours)
        found = db.sql(
            """select distinct alarm_id, epoch_us(alarm_starts_at), epoch_us(alarm_ends_at),
                event_type, direction
            from hours where is_anomaly"""
        ).fetchall()
    return {
        alarm: f"{_at(start)} to {_at(end)} UTC: {event_type} unusually {direction}"
        for alarm, start, end, event_type, direction in found
    }


def _at(micros: int) -> str:
    return f"{datetime.fromtimestamp(micros / 1e6, UTC):%Y-%m-%d %H:%M}"
