"""Which files a run takes in: the delivered ones, or the sample where there are none."""

import os
from pathlib import Path

from shopstream import sample
from shopstream.config import SAMPLE_MARK, Settings
from shopstream.console import announce, progress_bar
from shopstream.errors import BuildError
from shopstream.intake import landing
from shopstream.intake.archives import READABLE
from shopstream.intake.finding import named
from shopstream.intake.window import warn_of_window
from shopstream.warehouse.emptying import empty_warehouse


def choose_landing(settings: Settings) -> Path:
    """The landing folder where it has files, else the sample's, which is made if need be.

    A warehouse that holds nothing but the sample is emptied when real files appear: the two must
    not mix, and the sample can be made again. Raises BuildError where the path is no folder.
    """
    folder = _chosen(settings)
    announce(f"Files from {folder}, tables in {settings.warehouse}.")
    return folder


def _chosen(settings: Settings) -> Path:
    if settings.landing.is_file():
        raise BuildError(
            f"{settings.landing} is a file; make it a folder and put the event files into it"
        )
    mark = settings.warehouse / SAMPLE_MARK
    loaded = (settings.warehouse / "published.json").exists() or landing.has_landed(
        settings.warehouse
    )
    if landing.event_files(settings.landing):
        if mark.exists():
            announce("The warehouse held the sample; it starts anew from your files.")
            empty_warehouse(settings.warehouse)
        return settings.landing
    if loaded and not mark.exists():
        return settings.landing
    if "SHOPSTREAM_LANDING" in os.environ and not settings.landing.is_dir():
        raise BuildError(f"SHOPSTREAM_LANDING is {settings.landing}, which is not a folder")
    if foreign := landing.foreign_files(settings.landing):
        raise BuildError(
            f"{settings.landing} holds no file that can be read, but {named(foreign)}. Read are "
            f"{READABLE}, in any case: rename or convert them, or empty the folder for the sample"
        )
    announce(
        f"No event files in {settings.landing}: using the generated sample in {settings.sample}."
    )
    mark.touch()
    if not landing.event_files(settings.sample):
        sample.generate(settings.sample)
    return settings.sample


def land(folder: Path, warehouse: Path, **options: bool) -> landing.LandingResult:
    """Land the new files of `folder` with a progress bar; options are those of `landing.land`."""
    with progress_bar("landing") as advance:
        landed = landing.land(folder, warehouse, on_progress=advance, **options)
    warn_of_window(warehouse, landed)
    return landed


def read_again(folder: Path, warehouse: Path) -> None:
    """Have work copies of all rows that were landed, for tables that another build is to make."""
    files = landing.landed_files(warehouse)
    with progress_bar("reading again") as advance:
        shas = {file.file_sha256 for file in files if not file.withdrawn_at}
        landing.reread(folder, warehouse, shas, on_progress=advance)
