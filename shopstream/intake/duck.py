"""The DuckDB that writes work copies."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from shopstream.intake.archives import Refused

Database = duckdb.DuckDBPyConnection


def default_memory_limit() -> str:
    """What SHOPSTREAM_DUCKDB_MEMORY says, else a quarter of the machine."""
    quarter = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4
    return os.environ.get("SHOPSTREAM_DUCKDB_MEMORY") or f"{max(quarter, 1 << 30) >> 20}MiB"


class Duck:
    """The DuckDB of a run: to start one per file took most of the time of small files."""

    def __init__(self, scratch: Path, memory_limit: str) -> None:
        self.settings = {
            "memory_limit": memory_limit,
            "temp_directory": str(scratch / "duckdb"),
            "threads": os.cpu_count() or 1,
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            # each file is read once, and all zip members have the same name while they are
            "enable_external_file_cache": "false",
        }
        self.con: Database | None = None

    @contextmanager
    def connection(self) -> Iterator[Database]:
        """A connection; after an error a new one, for an internal one makes it unusable."""
        if self.con is None:
            self.con = duckdb.connect(config=self.settings)
            self.con.execute("set TimeZone = 'UTC'; set preserve_insertion_order = true")
            # query_progress needs the bar, nobody needs to see it
            self.con.execute(
                "set enable_progress_bar = true; set enable_progress_bar_print = false"
            )
        try:
            yield self.con
        except Refused:  # our own word about a file
            raise
        except Exception:
            self.close()
            raise

    def close(self) -> None:
        """Give back its memory and files."""
        if self.con is not None:
            self.con.close()
            self.con = None
