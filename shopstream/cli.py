"""The one command-line tool. Each subcommand is a thin call of the module that does the work."""

import logging
import shutil
import subprocess
import sys
from pathlib import Path

import click

from shopstream.config import PROJECT, Settings


class PlainErrors(click.Group):
    """Shows expected errors as one plain sentence, without a traceback."""

    def invoke(self, context: click.Context):
        """Run the subcommand; expected errors become a message and exit code 2."""
        from duckdb import Error as SqlError

        from shopstream.build import BuildError
        from shopstream.landing import LandingError
        from shopstream.published import NothingPublished

        try:
            return super().invoke(context)
        except (BuildError, LandingError, NothingPublished, SqlError) as error:
            click.echo(f"shopstream: {error}", err=True)
            sys.exit(2)


@click.group(cls=PlainErrors)
@click.pass_context
def main(context: click.Context) -> None:
    """Clickstream exports to tables that people can trust."""
    settings = Settings.from_environment()
    settings.logs.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(filename=settings.logs / "shopstream.log", level=logging.INFO)
    context.obj = settings


@main.command()
@click.option(
    "--full-refresh",
    is_flag=True,
    help="Land every file again and rebuild all tables from nothing.",
)
@click.option("--tests/--no-tests", default=True, help="Without tests nothing is published.")
@click.pass_obj
def build(settings: Settings, full_refresh: bool, tests: bool) -> None:
    """Load new files, build and test the marts, publish what passed. Run it each day."""
    from shopstream.build import build

    sys.exit(build(settings, full_refresh=full_refresh, with_tests=tests))


@main.command()
@click.pass_obj
def land(settings: Settings) -> None:
    """Only read new files in; `dbt build` then works on them."""
    from shopstream.build import land, warehouse_lock
    from shopstream.summary import print_landing

    settings.warehouse.mkdir(parents=True, exist_ok=True)
    with warehouse_lock(settings.warehouse):
        landed = land(settings.landing, settings.warehouse)
    print_landing(landed)
    sys.exit(3 if landed.refused else 0)


@main.command()
@click.argument("sql")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table")
@click.pass_obj
def query(settings: Settings, sql: str, form: str) -> None:
    """Run SQL over the published marts, for example: "select count(*) from fct_events".

    With - in its place, SQL is read from standard input.
    """
    from shopstream.query import show

    show(settings.warehouse, sys.stdin.read() if sql == "-" else sql, form)


@main.command()
@click.option(
    "--target", type=click.Path(path_type=Path), help="Folder to write to; data/sample by default."
)
@click.option("--events", default=250_000, help="Events per 31 days.")
@click.option("--days", default=31, help="Days from 2019-10-01, one file each.")
@click.option(
    "--seed", default=20191001, help="The same seed gives the same bytes on every machine."
)
@click.option("--format", "form", type=click.Choice(["csv", "parquet"]), default="csv")
@click.pass_obj
def sample(
    settings: Settings, target: Path | None, events: int, days: int, seed: int, form: str
) -> None:
    """Write generated event files that look like the real thing."""
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


@main.command()
@click.pass_obj
def docs(settings: Settings) -> None:
    """Write the dbt documentation as one file."""
    dbt = Path(sys.executable).with_name("dbt")
    with (settings.logs / "jvm.log").open("w") as stderr:
        made = subprocess.run(
            [dbt, "docs", "generate", "--static"],
            cwd=PROJECT,
            env=settings.environment(),
            stderr=stderr,
        )
    if made.returncode == 0:
        click.echo(f"Open {PROJECT / 'target' / 'static_index.html'} in a browser.")
    sys.exit(made.returncode)


@main.command()
@click.pass_obj
def clean(settings: Settings) -> None:
    """Remove the tables, the sample, compiled files and logs; never the landing files."""
    from shopstream.build import empty_warehouse, warehouse_lock
    from shopstream.landing import event_files

    settings.warehouse.mkdir(parents=True, exist_ok=True)
    with warehouse_lock(settings.warehouse):
        empty_warehouse(settings.warehouse)
    for file in event_files(settings.sample):
        file.unlink()
    for folder in [settings.target, settings.logs]:
        shutil.rmtree(folder, ignore_errors=True)
    click.echo(
        f"removed the tables in {settings.warehouse}, the sample, {settings.target} "
        f"and {settings.logs}"
    )
