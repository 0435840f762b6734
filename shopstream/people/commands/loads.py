"""Commands that take rows in, take them out, and build."""

import sys
from datetime import datetime
from functools import partial
from pathlib import Path

import click

from shopstream.config import Settings, check_warehouse


@click.command()
@click.option(
    "--full-refresh",
    is_flag=True,
    help="Land every file again and rebuild all tables but the histories of loads and builds.",
)
@click.option(
    "--drop-missing",
    is_flag=True,
    help="With --full-refresh: go on without files that are gone; their rows go, too.",
)
@click.option("--tests/--no-tests", default=True, help="Without tests nothing is published.")
@click.option(
    "--core", is_flag=True, help="Leave the business marts and daily_data_quality as they are."
)
@click.pass_obj
def build(
    settings: Settings, full_refresh: bool, drop_missing: bool, tests: bool, core: bool
) -> None:
    """Load new files, build and test the marts, publish what passed. Run it each day."""
    from shopstream.run.build import build

    if drop_missing and not full_refresh:
        raise click.UsageError("--drop-missing goes with --full-refresh")
    code = build(
        settings,
        full_refresh=full_refresh,
        drop_missing=drop_missing,
        with_tests=tests,
        only_core=core,
    )
    sys.exit(code)


@click.command()
@click.option(
    "--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="First date; all by default."
)
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="Last date, included.")
@click.pass_obj
def backfill(settings: Settings, first: datetime | None, last: datetime | None) -> None:
    """Compute dates anew from the landing files, after a rule, default or window was changed.

    Events and partials of other dates stay as they are. What was changed in dbt_project.yml holds
    for the chosen dates; the mart event_dates says by which rules each date was built.
    """
    from shopstream.run.build import backfill

    if (first is None) != (last is None):
        raise click.UsageError("give both --from and --to, or neither for all dates")
    if first and first > last:
        raise click.UsageError(f"--from {first:%Y-%m-%d} is after --to {last:%Y-%m-%d}")
    sys.exit(backfill(settings, first and first.date(), last and last.date()))


class Reload(click.Command):
    """A command that names those which two of its options have become."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """As click does. Raises UsageError for the former options."""
        for option, command in (("--withdraw", "withdraw FILE..."), ("--erase-user", "erase ID")):
            if any(argument.partition("=")[0] == option for argument in args):
                raise click.UsageError(f"{option} is a command now: shopstream {command}", context)
        return super().parse_args(context, args)


@click.command(cls=Reload)
@click.argument("files", nargs=-1)
@click.option("--quarantined", is_flag=True, help="All files that have quarantined rows.")
@click.option("--out-of-window", is_flag=True, help="All files that have rows out of the window.")
@click.pass_obj
def reload(
    settings: Settings, files: tuple[str, ...], quarantined: bool, out_of_window: bool
) -> None:
    """Take files in again, under the rules now in force.

    FILES are names as row_ledger.source_file shows them, or its file_sha256 where a name came with
    several contents. A withdrawn file is taken in again by its name. Rows are never lost or
    doubled: the new ones take the place of the old.
    """
    from shopstream.intake.corrections import files_named, files_with
    from shopstream.run.build import reload

    if sum(map(bool, [files, quarantined, out_of_window])) != 1:
        raise click.UsageError("give file names, or one of --quarantined, --out-of-window")
    fate = "quarantined" if quarantined else "out_of_window"
    choose = partial(files_named, names=list(files)) if files else partial(files_with, fate=fate)
    sys.exit(reload(settings, choose))


@click.command()
@click.argument("files", nargs=-1, required=True)
@click.pass_obj
def withdraw(settings: Settings, files: tuple[str, ...]) -> None:
    """Take the rows of files out, and leave the files out from now on.

    FILES are names or hashes, as for `reload`, which also takes a withdrawn file in again.
    """
    from shopstream.run.build import withdraw

    sys.exit(withdraw(settings, list(files)))


# A minus begins the id of a user, not an option.
@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("user_id", metavar="ID", type=int)
@click.pass_obj
def erase(settings: Settings, user_id: int) -> None:
    """Take a user out of all tables, for good.

    Later loads leave the user's rows out. Landing files are yours to change: those that hold such
    rows are named.
    """
    from shopstream.run.build import erase

    sys.exit(erase(settings, user_id))


@click.command()
@click.option(
    "--again",
    is_flag=True,
    help="Also read files that were landed before, for another schema.",
)
@click.pass_obj
def land(settings: Settings, again: bool) -> None:
    """Only read new files in; `dbt build` then works on them."""
    from shopstream.people.summary import print_landing
    from shopstream.run.deliveries import choose_landing, land, read_again
    from shopstream.warehouse.lock import warehouse_lock
    from shopstream.warehouse.written import mend

    check_warehouse(settings.warehouse)
    settings.warehouse.mkdir(parents=True, exist_ok=True)
    with warehouse_lock(settings.warehouse):
        mend(settings.warehouse, click.echo)
        folder = choose_landing(settings)
        landed = land(folder, settings.warehouse)
        if again:
            read_again(folder, settings.warehouse)
    print_landing(landed)
    sys.exit(3 if landed.refused else 0)


@click.command()
@click.option(
    "--target",
    type=click.Path(path_type=Path),
    help="Folder to write to; by default the sample's own.",
)
@click.option("--events", type=click.IntRange(min=1), default=250_000, help="Events per 31 days.")
@click.option(
    "--days", type=click.IntRange(min=1), default=31, help="Days from 2019-10-01, one file each."
)
@click.option(
    "--seed", default=20191001, help="The same seed gives the same bytes on every machine."
)
@click.option("--format", "form", type=click.Choice(["csv", "parquet"]), default="csv")
@click.pass_obj
def sample(
    settings: Settings, target: Path | None, events: int, days: int, seed: int, form: str
) -> None:
    """Write generated event files that look like real ones."""
    from shopstream.sample import generate

    with click.progressbar(length=days, label="sample") as bar:
        files = generate(
            target or settings.sample,
            events=events,
            days=days,
            seed=seed,
            file_format=form,
            on_progress=lambda done, _: bar.update(done - bar.pos),
        )
    click.echo(f"{len(files)} files in {files[0].parent}")
