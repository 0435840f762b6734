"""Who ran what on a warehouse: one row for each command that publishes, takes back or deletes.

The table lies with the register, is no part of a build and outlives `clean`. It is only added to;
an id that is erased is blanked in it like everywhere else.
"""

import logging
import os
import pwd
import re
import socket
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from shopstream.warehouse.tables import is_table

NAME = "operations"
SHOWN_AS = f"shopstream_performance.{NAME}"
COMMANDS = {
    *("build", "backfill", "reload", "withdraw", "erase"),
    *("maintain", "published", "rollback", "clean"),
}
SCHEMA = pa.schema(
    {
        "ended_at": pa.timestamp("us", "UTC"),
        "user": pa.string(),
        "host": pa.string(),
        "command": pa.string(),
        "arguments": pa.string(),
        "exit_code": pa.int32(),
    }
)
HIDDEN = "<id>"
log = logging.getLogger(__name__)


def folder(warehouse: Path) -> Path:
    """Where the table is."""
    return warehouse / "shopstream_landing.db" / NAME


def note(warehouse: Path, command: str, arguments: Sequence[str], exit_code: int) -> None:
    """Add a row for a command that has ended; a failure to do so is logged, no more."""
    only_lists = command == "published" and "--repair" not in arguments
    if command not in COMMANDS or only_lists or "--help" in arguments or not warehouse.is_dir():
        return
    row = {
        "ended_at": datetime.now(UTC),
        "user": user_name(),
        "host": socket.gethostname(),
        "command": command,
        "arguments": " ".join(without_ids(command, arguments)),
        "exit_code": exit_code,
    }
    try:
        write_deltalake(folder(warehouse), pa.Table.from_pylist([row], SCHEMA), mode="append")
    except Exception:
        log.exception("the operation could not be noted")


def user_name() -> str:
    """The account of this process, whatever the environment says."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def without_ids(command: str, arguments: Sequence[str]) -> list[str]:
    """The arguments, less the id of a user who is to be erased, also by the former option."""
    if command == "erase":
        return [HIDDEN for _ in arguments]
    shown = [re.sub("^(--erase-user=).*", rf"\1{HIDDEN}", argument) for argument in arguments]
    return [
        HIDDEN if before == "--erase-user" else argument
        for before, argument in zip(["", *shown], shown, strict=False)
    ]


def forget_user(warehouse: Path, user_id: int) -> None:
    """Blank an id in what was noted before, such as in the name of a file that was withdrawn."""
    if not is_table(folder(warehouse)):
        return
    held = DeltaTable(folder(warehouse)).to_pyarrow_table()
    is_id = re.compile(rf"(?<![0-9])0*{abs(user_id)}(?![0-9])")
    arguments = [is_id.sub(HIDDEN, text) for text in held["arguments"].to_pylist()]
    if arguments != held["arguments"].to_pylist():
        place = held.schema.get_field_index("arguments")
        blanked = held.set_column(place, "arguments", pa.array(arguments, pa.string()))
        write_deltalake(folder(warehouse), blanked, mode="overwrite")
