"""Take delivered event files in: find new contents, decode each once, keep the register of them.

Landing files are the raw archive and are only read. All that is written lies in
`<warehouse>/shopstream_landing.db/`: `landed_rows/<sha256>.parquet` (a work copy per new
content), `extracted/` (scratch, never kept), and the register. Decoding turns bytes into text
columns, nothing more: the cleaning rules live in the dbt models.
"""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deltalake.exceptions import DeltaError

from shopstream.errors import LandingError
from shopstream.intake import register
from shopstream.intake.committer import Committer, LandingResult
from shopstream.intake.duck import Duck, default_memory_limit
from shopstream.intake.file_state import state_of
from shopstream.intake.finding import find
from shopstream.intake.reader import Progress, first_line, stop_without_room
from shopstream.intake.register import LandedFile, home_of
from shopstream.intake.sources import sources


def land(
    landing: Path,
    warehouse: Path,
    *,
    anew: bool = False,
    may_lose: bool = False,
    on_progress: Progress | None = None,
    memory_limit: str | None = None,
) -> LandingResult:
    """Decode the contents in `landing` that `warehouse` does not know yet, and register them.

    Contents whose description was changed since are decoded anew, to replace their rows.
    `anew` decodes all of them, and registers no other; what its owner took out stays out: withdrawn
    files and erased users. The register stays as it was until all are decoded, and unless
    `may_lose` it is an error when a content that it names is not there any more.

    `on_progress(source_file, bytes_done, bytes_total)` is called for each file, more often for
    large ones, sometimes from another thread. `memory_limit` is DuckDB's ("4GB"); by default the
    environment variable SHOPSTREAM_DUCKDB_MEMORY or a quarter of the machine's memory.
    """
    landing_real, home_real = landing.resolve(), home_of(warehouse).resolve()
    if landing_real.is_relative_to(home_real) or home_real.is_relative_to(landing_real):
        raise LandingError(
            f"The landing folder {landing} and the warehouse {warehouse} lie inside each other: "
            "set SHOPSTREAM_LANDING or SHOPSTREAM_WAREHOUSE to another folder."
        )
    ignored: list[str] = []
    found = find(landing, warehouse, ignored)
    with _committer(landing, warehouse, on_progress, memory_limit) as committer:
        if anew:
            committer.begin_anew()
        committer.take(found)
        if not may_lose and (gone := committer.gone()):
            raise would_lose(landing, gone)
        committer.keep_to_descriptions(found)
        return committer.commit(sorted(ignored))


def reread(
    landing: Path, warehouse: Path, shas: set[str], *, on_progress: Progress | None = None
) -> None:
    """Make work copies of contents that were landed before.

    Raises LandingError where one is gone, or its description is another.
    """
    with _committer(landing, warehouse, on_progress) as committer:
        committer.reread(find(landing, warehouse), shas)


@contextmanager
def _committer(
    landing: Path, warehouse: Path, on_progress: Progress | None, memory_limit: str | None = None
) -> Iterator[Committer]:
    """One run that may write to the warehouse; its scratch is gone afterwards."""
    home = home_of(warehouse)
    duck = Duck(home / "extracted", memory_limit or default_memory_limit())
    try:
        register.prepare(home)
        yield Committer(home, duck, sources(landing), on_progress)
    except (OSError, DeltaError) as error:
        stop_without_room(error, str(error))
        raise LandingError(
            f"The warehouse {home} can't be written ({first_line(error)}): check that the folder "
            "and its owner are right."
        ) from error
    finally:
        duck.close()
        shutil.rmtree(home / "extracted", ignore_errors=True)


def would_lose(landing: Path, gone: list[str]) -> LandingError:
    """The error of a run that begins anew where contents are not there any more."""
    shown = ", ".join([*sorted(gone)[:20], *["..."][: len(gone) > 20]])
    return LandingError(
        f"a build from nothing would lose rows. Not in {landing} any more, or changed: {shown} "
        f"({len(gone):,} in all). Put back what was delivered, or go on without those rows: "
        "shopstream build --full-refresh --drop-missing"
    )


def missing_files(landing: Path, warehouse: Path) -> list[str]:
    """Names of landed files whose content is not in the landing folder under any name.

    Withdrawn ones are not missed. Call it right after `land`, which meets what was renamed, copied
    or changed since.
    """
    here = {name: path for name, path, trouble in find(landing, warehouse) if not trouble}
    held = {
        delivery.file_sha256
        for delivery in register.read_table(home_of(warehouse), "deliveries")
        if delivery.container in here
        and state_of(here[delivery.container]) == (delivery.bytes, delivery.state)
    }
    return sorted(
        file.source_file
        for file in register.landed_files(warehouse)
        if not file.withdrawn_at and file.file_sha256 not in held
    )


def event_files(folder: Path) -> list[Path]:
    """The files below `folder` that a run would read or refuse, by name."""
    return [path for _, path, _ in find(folder, folder / "warehouse")] if folder.is_dir() else []


def foreign_files(folder: Path) -> list[str]:
    """Names of the files below `folder` that a run would ignore for their endings."""
    ignored: list[str] = []
    if folder.is_dir():
        find(folder, folder / "warehouse", ignored)
    return sorted(ignored)


def work_copies(warehouse: Path, files: Iterable[LandedFile]) -> list[Path]:
    """The work copies of contents that have rows."""
    folder = home_of(warehouse) / "landed_rows"
    return [folder / f"{file.file_sha256}.parquet" for file in files if file.rows_read]


def drop_work_copies(warehouse: Path) -> None:
    """Delete the work copies, once a load is complete, and what a killed run left of others."""
    for path in (home_of(warehouse) / "landed_rows").glob("*.parquet"):
        path.unlink()
    shutil.rmtree(home_of(warehouse) / "extracted", ignore_errors=True)
