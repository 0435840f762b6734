"""The command that looks at files before they are landed."""

import sys
from pathlib import Path

import click

from shopstream.config import Settings


@click.command()
@click.argument("files", nargs=-1, required=True)
@click.option(
    "--write",
    is_flag=True,
    help="Write the proposed descriptions; overwrite none.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs: a list, one object a file.")
@click.pass_obj
def inspect(settings: Settings, files: tuple[str, ...], write: bool, as_json: bool) -> None:
    """Say what files are, and what a build would make of them, without building.

    FILES are paths, or names below the landing folder. The first 100,000 rows of each are judged by
    the rules of the models. Columns of other names are looked for by usual names and by values; a
    source description that makes them ours is proposed. Exit code 0: all of them would build; 3:
    one would not, as it is.
    """
    from shopstream.people import inspected
    from shopstream.run.inspection import inspect, would_build, write_descriptions
    from shopstream.run.model_rules import judging

    paths = [_path(settings.landing, name) for name in files]
    with judging() as judge:
        reports = inspect(settings.landing, paths, judge)
        written = write_descriptions(settings.landing, reports) if write else []
        if written:
            reports = inspect(settings.landing, paths, judge)
    if as_json:
        inspected.print_json(reports)
    else:
        inspected.print_reports(reports, list(files), written)
    sys.exit(0 if all(map(would_build, reports)) else 3)


def _path(landing: Path, name: str) -> Path:
    """A path as given or below the landing folder; of a member of an archive, the archive."""
    for path in (Path(name), landing / name):
        for held in (path, *path.parents):
            if held.is_file() or (held == path and held.exists()):
                return held
    return Path(name)
