"""Erase a user: keep nothing but a keyed hash of the id, so that a rebuild does not bring it back.

The key is made once per warehouse and lies in `<warehouse>/.erasure-key`, readable by its owner
only. Without it the hashes can't be turned back into the few billion ids there may be. Key and
hashes are also beside the warehouse, in `<warehouse>.erasures.json`: a copy of the warehouse that
is put back, made before an erasure, does not undo it.
"""

import hmac
import json
import re
import secrets
from collections.abc import Iterable
from pathlib import Path

import duckdb

from shopstream import disk
from shopstream.errors import LandingError
from shopstream.intake.columns import ROW_COLUMNS
from shopstream.intake.work_copy import EXACT_TYPES

# The white space of macro `trimmed`: an id that the models would find must be found here, too.
WHITE_SPACE = (
    "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008"
    "\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
# The contract's form of an id.
ID = r"^[+-]?[0-9]+(\.0)?$"
IS_KEY = re.compile("[0-9a-f]{64}").fullmatch  # of a hash, too


class KeyLost(LandingError):
    """Users were erased, and the key by which to know them is not there."""


def key_of(warehouse: Path, *, may_make: bool = False) -> bytes:
    """The secret of this warehouse. Raises KeyLost where there is none, unless it may be made."""
    path = warehouse / ".erasure-key"
    text = path.read_text().strip() if path.exists() else ""
    outside = _outside(warehouse).get("key")
    if IS_KEY(text):
        if outside not in (None, text):
            raise KeyLost(
                f"{path} is not the key of {beside(warehouse)}: one of them is of another "
                "warehouse. Put back the one that was made with this"
            )
        return bytes.fromhex(text)
    if outside:
        disk.write(path, outside, mode=0o600)
        return bytes.fromhex(outside)
    if not may_make:
        raise KeyLost(
            f"{path} is missing or damaged, and without it erased users would come back. Put back "
            "the file that was made when the first of them was erased (it lies beside the tables, "
            "and a copy of them needs it, too)"
        )
    disk.write(path, secrets.token_hex(32), mode=0o600)
    return key_of(warehouse)


def beside(warehouse: Path) -> Path:
    """Where key and hashes are kept out of reach of what a backup brings back."""
    return warehouse.with_name(f"{warehouse.name}.erasures.json")


def remembered(warehouse: Path) -> set[str]:
    """The hashes beside the warehouse."""
    return set(_outside(warehouse).get("users", []))


def remember(warehouse: Path, hashes: Iterable[str]) -> None:
    """Keep these hashes beside the warehouse, too. Raises KeyLost."""
    held = {"key": key_of(warehouse).hex(), "users": sorted({*hashes, *remembered(warehouse)})}
    try:
        disk.write(beside(warehouse), json.dumps(held, indent=1), mode=0o600)
    except OSError as error:
        raise KeyLost(
            f"{beside(warehouse)} can't be written ({error.strerror}). It keeps erased users out "
            "when a backup is put back: make its folder one that you may write to"
        ) from None


def _outside(warehouse: Path) -> dict:
    try:
        held = json.loads(beside(warehouse).read_text())
        if IS_KEY(held["key"]) and all(map(IS_KEY, held["users"])):
            return held
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, KeyError):
        pass
    raise KeyLost(
        f"{beside(warehouse)} is damaged. Put back a copy of it; or, where no older copy of the "
        "warehouse was put back since the last erasure, remove it: it is made again"
    )


def numbers_of(users: Iterable[int]) -> re.Pattern[bytes]:
    """Finds the numbers of users in the bytes of a file."""
    ids = "|".join(str(abs(user)) for user in users)
    return re.compile(rf"(?<![0-9])0*(?:{ids})(?![0-9])".encode())


def hash_of(key: bytes, user_id: int) -> str:
    """Keyed hash of a user id: HMAC-SHA256, RFC 2104, as hex."""
    return hmac.new(key, str(user_id).encode(), "sha256").hexdigest()


def blank_rows(copies: list[Path], home: Path, erased: Iterable[str], memory_limit: str) -> None:
    """Blank the rows of erased users in work copies, in place. Raises KeyLost.

    A row that could not be split is blanked when any number in it is the id of an erased user.
    """
    key, erased = key_of(home.parent), set(erased)

    def is_erased(text: str) -> bool:
        # Python reads no number of more than 4,300 digits; an id has 19 at most.
        digits = text.lstrip("+-").lstrip("0") or "0"
        number = f"-{digits}" if text.startswith("-") else digits
        return len(digits) <= 19 and hash_of(key, int(number)) in erased

    with duckdb.connect(config={"memory_limit": memory_limit}) as db:
        db.create_function("is_erased", is_erased, ["VARCHAR"], "BOOLEAN")
        db.execute(
            f"""
            create view delivered as
            select *, case when regexp_matches(trimmed, '{ID}') then [replace(trimmed, '.0', '')]
                else regexp_extract_all(bad_row, '[0-9]{{1,19}}') end as ids
            from (
                select *,
                    coalesce(user_id_exact::varchar, trim(user_id, '{WHITE_SPACE}')) as trimmed
                from read_parquet([{", ".join(map(_quoted, copies))}], filename = true)
            )
            """
        )
        # each id is hashed once, not once per row
        db.execute(
            "create table gone as select id "
            "from (select distinct unnest(ids) as id from delivered) where is_erased(id)"
        )
        # most copies hold none, and stay as they are
        held = db.execute(f"select distinct filename from delivered where {_OF_GONE}").fetchall()
        for (name,) in held:
            _write_blanked(db, Path(name))


_OF_GONE = "coalesce(list_has_any(ids, (select list(id) from gone)), false)"


def _write_blanked(db: duckdb.DuckDBPyConnection, copy: Path) -> None:
    """Write one copy of `delivered` anew, without the values of rows that have an id of `gone`."""
    part = copy.with_suffix(".part")
    columns = ["bad_row", *ROW_COLUMNS, *(f"{column}_exact" for column in EXACT_TYPES)]
    blanked = ", ".join(f"case when not erased then {c} end as {c}" for c in columns)
    db.execute(
        f"""
        copy (
            select file_key, row_number, {blanked}, erased as is_erased
            from (select *, {_OF_GONE} as erased from delivered where filename = $1)
        ) to {_quoted(part)} (format parquet, compression snappy)
        """,
        [str(copy)],
    )
    part.replace(copy)


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
