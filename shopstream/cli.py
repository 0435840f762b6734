"""The one command-line tool. Each subcommand is a thin call of the module that does the work."""

import io
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path

import click

from shopstream.config import (
    PROJECT,
    Settings,
    SettingsError,
    check_engine,
    check_environment,
    check_removable,
    check_warehouse,
)
from shopstream.plain import PlainFormatter, plain_lines
from shopstream.report_command import report
from shopstream.stopping import Stopped, heed_signals, raise_if_told

# Exit code of what could not start, or met an environment in which it can't be done.
CAN_NOT = 2
RUN = "shopstream.run"
PORT = click.IntRange(1, 65535)
# What this package and dbt write into the folder of logs.
LOGS = ("shopstream.log", "jvm.log", "server.log", "failing_rows.log", "dbt.log*")
# What bench and lab write, and no build does.
MEASURED = {
    f"shopstream_performance.{name}"
    for name in ("bench_runs", "bench_ratios", "optimizations", "technical_kpis")
}


class PlainErrors(click.Group):
    """Shows expected errors as one plain sentence, without a traceback."""

    def resolve_command(self, context: click.Context, args: list[str]):
        """As click does; what is run is kept for the table of operations."""
        found = super().resolve_command(context, args)
        context.meta[RUN] = found[0], [*found[2]]
        return found

    def invoke(self, context: click.Context):
        """Run the subcommand, and note who did so where it publishes or deletes."""
        code = 0
        try:
            return self.invoke_plainly(context)
        except SystemExit as ended:
            code = ended.code or 0
            raise
        except click.ClickException as error:
            code = error.exit_code
            raise
        finally:
            if context.obj and RUN in context.meta:
                from shopstream import operations

                operations.note(context.obj.warehouse, *context.meta[RUN], code)

    def invoke_plainly(self, context: click.Context):
        """Run the subcommand; expected errors become a message and exit code 2."""
        from deltalake.exceptions import DeltaError
        from duckdb import Error as SqlError

        from shopstream.against import AgainstError
        from shopstream.build import BuildError
        from shopstream.damage import Damaged
        from shopstream.landing import LandingError
        from shopstream.published import NothingPublished, PublishedLost
        from shopstream.server import ServerError
        from shopstream.upkeep import UpkeepError

        expected = (
            *(AgainstError, BuildError, Damaged, LandingError, NothingPublished, PublishedLost),
            *(ServerError, UpkeepError, SettingsError, SqlError, DeltaError),
        )
        heed_signals()
        try:
            try:
                return super().invoke(context)
            except Exception:
                raise_if_told()
                raise
        except BrokenPipeError:  # whoever reads had enough, such as head; click knows
            raise
        except Stopped as stopped:
            click.echo(
                f"shopstream: {stopped}; what was under way is done by the next run", err=True
            )
            sys.exit(stopped.exit_code)
        # OSError: a disk that is full, a folder that may not be written.
        except (*expected, OSError) as error:
            logging.getLogger(__name__).exception("stopped")
            click.echo(f"shopstream: {plain_lines(str(error))}", err=True)
            sys.exit(CAN_NOT)
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except Exception as error:  # a fault of ours: 1 is for models and tests
            log = Settings.from_environment().logs / "shopstream.log"
            logging.getLogger(__name__).exception("unexpected")
            click.echo(
                f"shopstream: unexpected {type(error).__name__}: {plain_lines(str(error))} "
                f"({log} has more)",
                err=True,
            )
            sys.exit(CAN_NOT)


@click.group(cls=PlainErrors)
@click.pass_context
def main(context: click.Context) -> None:
    """Clickstream exports to tables that people can trust."""
    for stream in (sys.stdout, sys.stderr):
        # A file's name may hold what the terminal's encoding has no character for.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    settings = Settings.from_environment()
    try:
        settings.logs.mkdir(parents=True, exist_ok=True)
        logging.basicConfig(filename=settings.logs / "shopstream.log", level=logging.INFO)
        for handler in logging.getLogger().handlers:
            handler.setFormatter(PlainFormatter(logging.BASIC_FORMAT))
    except OSError as error:
        logging.basicConfig(handlers=[logging.NullHandler()])
        raise SettingsError(
            f"SHOPSTREAM_LOGS is {settings.logs}, where no log can be written ({error.strerror})"
        ) from None
    check_environment()
    context.obj = settings


@main.command()
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
    from shopstream.build import build

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


@main.command()
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
    from shopstream.build import backfill

    if (first is None) != (last is None):
        raise click.UsageError("give both --from and --to, or neither for all dates")
    if first and first > last:
        raise click.UsageError(f"--from {first:%Y-%m-%d} is after --to {last:%Y-%m-%d}")
    sys.exit(backfill(settings, first and first.date(), last and last.date()))


@main.command()
@click.argument("files", nargs=-1)
@click.option("--quarantined", is_flag=True, help="All files that have quarantined rows.")
@click.option("--out-of-window", is_flag=True, help="All files that have rows out of the window.")
@click.option("--withdraw", is_flag=True, help="Take the rows of the files out instead.")
@click.option("--erase-user", type=int, metavar="ID", help="Take a user out, for good.")
@click.pass_obj
def reload(
    settings: Settings,
    files: tuple[str, ...],
    quarantined: bool,
    out_of_window: bool,
    withdraw: bool,
    erase_user: int | None,
) -> None:
    """Take files in again under the rules now in force, or out; erase a user.

    FILES are names as row_ledger.source_file shows them, or its file_sha256 where a name came with
    several contents. A withdrawn file is taken in again by its name. Rows are never lost or
    doubled: the new ones take the place of the old.
    """
    from shopstream import build
    from shopstream.reload import files_named, files_with

    if sum(map(bool, [files, quarantined, out_of_window, erase_user is not None])) != 1:
        raise click.UsageError(
            "give file names, or one of --quarantined, --out-of-window, --erase-user"
        )
    if erase_user is not None:
        sys.exit(build.erase_user(settings, erase_user))
    if withdraw:
        if not files:
            raise click.UsageError("--withdraw needs the names of the files")
        sys.exit(build.withdraw(settings, list(files)))
    fate = "quarantined" if quarantined else "out_of_window"
    choose = partial(files_named, names=list(files)) if files else partial(files_with, fate=fate)
    sys.exit(build.take_in_again(settings, choose))


@main.command()
@click.option("--delist", is_flag=True, help="Keep no build but the current one.")
@click.pass_obj
def maintain(settings: Settings, delist: bool) -> None:
    """Compact the tables and delete files that no listed build needs. Run it each week."""
    from shopstream.build import warehouse_lock
    from shopstream.maintenance import maintain
    from shopstream.server import stop_if_lent
    from shopstream.written import by_this_run

    with warehouse_lock(settings.warehouse):
        stop_if_lent(settings.warehouse)
        with by_this_run(settings.warehouse, click.echo):
            done = maintain(settings.warehouse, delist_all=delist, on_progress=click.echo)
    click.echo(
        f"{done['files']:,} files in the current versions; {done['deleted']:,} files deleted, "
        f"{done['freed'] / 1e6:,.1f} MB freed"
    )


@main.command()
@click.option("--repair", is_flag=True, help="Restore published.json from its copy first.")
@click.pass_obj
def published(settings: Settings, repair: bool) -> None:
    """List the builds that readers can be shown, newest first."""
    from shopstream import published
    from shopstream.build import warehouse_lock

    if repair:
        with warehouse_lock(settings.warehouse):
            published.repair(settings.warehouse)
    shown = published.read_published(settings.warehouse)
    for build in shown["builds"]:
        mark = "  <- readers see this one" if build["build_id"] == shown["build_id"] else ""
        click.echo(f"build {build['build_id']}  {build['published_at']}{mark}")


@main.command()
@click.option("--against", metavar="TARGET", help="Build it all on another engine and compare.")
@click.pass_obj
def verify(settings: Settings, against: str | None) -> None:
    """Check the published build whole: files, rows, keys, ledger; exit code 1 if it is damaged.

    With --against, what has landed is also built in a scratch warehouse beside this one, on the
    engine of a target (embedded, sail), and each published table that differs is a fault.
    """
    from shopstream.against import differences
    from shopstream.verify import verify

    faults = verify(settings.warehouse)
    if against:
        other = differences(settings, against)
        faults += [f"{name}, by {against}: {words}" for name, words in other.items()]
    for fault in faults:
        click.echo(plain_lines(fault), err=True)
    click.echo(f"{len(faults)} faults" if faults else "the published build is whole")
    sys.exit(1 if faults else 0)


@main.command()
@click.argument("build_id", type=int, required=False)
@click.pass_obj
def rollback(settings: Settings, build_id: int | None) -> None:
    """Show readers an earlier build at once, by default the one before the current.

    Nothing is computed or deleted. The next build that passes is published as ever.
    """
    from shopstream.build import warehouse_lock
    from shopstream.published import roll_back

    with warehouse_lock(settings.warehouse):
        shown = roll_back(settings.warehouse, build_id)
    click.echo(
        f"Readers see build {shown['build_id']} of {shown['published_at']} now, "
        "until the next build passes."
    )


@main.command()
@click.option("--again", is_flag=True, help="Read what was landed before, too, for other schemas.")
@click.pass_obj
def land(settings: Settings, again: bool) -> None:
    """Only read new files in; `dbt build` then works on them."""
    from shopstream.build import choose_landing, land, read_again, warehouse_lock
    from shopstream.summary import print_landing
    from shopstream.written import mend

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


@main.command()
@click.argument("sql")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table")
@click.option(
    "--unpublished",
    is_flag=True,
    help="Read the newest versions, such as a failed build's; marked so.",
)
@click.pass_obj
def query(settings: Settings, sql: str, form: str, unpublished: bool) -> None:
    """Run SQL over the published marts, for example: "select count(*) from fct_events".

    With - in its place, SQL is read from standard input.
    """
    from shopstream.query import show

    sql = sys.stdin.read() if sql == "-" else sql
    show(settings.warehouse, sql, form, unpublished=unpublished)


@main.command()
@click.pass_obj
def compare(settings: Settings) -> None:
    """Compare the published figures of October 2019 with the published marts, row by row."""
    from shopstream.compare import compare

    compare(settings.warehouse)


@main.command()
@click.option(
    "--target",
    type=click.Path(path_type=Path),
    help="Folder to write to; that of the sample if none.",
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
@click.option("--port", type=PORT, default=8501, help="Port on 127.0.0.1.")
@click.pass_obj
def dashboard(settings: Settings, port: int) -> None:
    """Open the dashboard on http://127.0.0.1:8501; it needs no JVM."""
    import os

    from shopstream.server import check_port

    check_port(port)

    command = [sys.executable, "-m", "streamlit", "run", "dashboard/app.py"]
    os.chdir(PROJECT)
    os.execve(sys.executable, [*command, f"--server.port={port}"], settings.environment())


main.add_command(report)


@contextmanager
def writing_beside_builds(settings: Settings) -> Iterator[None]:
    """Hold the warehouse; what is written meanwhile is published where all else is."""
    from shopstream.build import warehouse_lock
    from shopstream.maintenance import staying_published

    settings.warehouse.mkdir(parents=True, exist_ok=True)
    with warehouse_lock(settings.warehouse), staying_published(settings.warehouse, MEASURED):
        yield


# What bench and lab have in common.
home_option = click.option(
    "--home",
    type=click.Path(path_type=Path),
    help="Folder to work in; bench beside the warehouse if none.",
)
publish_option = click.option(
    "--publish/--no-publish", default=True, help="Write the results to the warehouse."
)
report_option = click.option(
    "--report", "only_report", is_flag=True, help="Run and write nothing, show what was measured."
)


@main.command()
@click.option("--events", default=250_000, help="Events per 31 days of the generated input.")
@click.option("--runs", default=3, help="How often each contender runs.")
@click.option("--contenders", help="Their names with commas; all that are not marked + by default.")
@home_option
@publish_option
@report_option
@click.option("--list", "only_list", is_flag=True, help="Show what each contender does.")
@click.pass_obj
def bench(
    settings: Settings,
    events: int,
    runs: int,
    contenders: str | None,
    home: Path | None,
    publish: bool,
    only_report: bool,
    only_list: bool,
) -> None:
    """Measure the build against what people would pick instead, on generated data.

    A bench that was stopped goes on where it was; finished runs are not run again.
    """
    from shopstream.bench import results, run
    from shopstream.bench.contenders import BY_NAME, CONTENDERS

    if only_list:
        for contender in CONTENDERS:
            click.echo(f"{'' if contender.by_default else '+'}{contender.name:18}{contender.does}")
        return
    by_default = [contender.name for contender in CONTENDERS if contender.by_default]
    names = contenders.split(",") if contenders else by_default
    if unknown := set(names) - set(BY_NAME):
        raise click.UsageError(f"no such contender: {', '.join(sorted(unknown))}; see --list")
    home = (home or settings.warehouse.parent / "bench").resolve()
    commit, failed = run.code_version(), []
    if not only_report:
        commit, failed = run.bench(home, events, runs, names)
    unequal = run.report(home, commit, events)
    if publish and not only_report:
        with writing_beside_builds(settings):
            results.publish(settings.warehouse, results.read_runs(home / "results.jsonl"))
    for message in failed:
        click.echo(f"shopstream: {message}", err=True)
    sys.exit(1 if failed or unequal else 0)


@main.command()
@click.option("--events", default=250_000, help="Events per 31 days of the generated input.")
@click.option("--runs", default=5, help="How often each variant runs, after one to warm up.")
@click.option("--only", help="Only experiments with this in their name.")
@home_option
@publish_option
@report_option
@click.pass_obj
def lab(
    settings: Settings,
    events: int,
    runs: int,
    only: str | None,
    home: Path | None,
    publish: bool,
    only_report: bool,
) -> None:
    """Try each optimization alone, off and on, and judge it by what was measured."""
    from shopstream.bench import run, run_lab

    home = (home or settings.warehouse.parent / "bench").resolve()
    commit, failed = run.code_version(), []
    if not only_report:
        commit, failed = run_lab.run(home, events, runs, only)
    run_lab.report(home, commit, events)
    if publish and not only_report:
        with writing_beside_builds(settings):
            run_lab.publish(settings.warehouse, home)
    for message in failed:
        click.echo(f"shopstream: {message}", err=True)
    sys.exit(1 if failed else 0)


@main.group()
def server() -> None:
    """A Spark session that stays warm between builds of this warehouse, on 127.0.0.1.

    While it runs, `shopstream build` and all that builds use it.
    """


@server.command("start")
@click.option("--port", type=PORT, default=15002, help="Port on 127.0.0.1.")
@click.pass_obj
def start_server(settings: Settings, port: int) -> None:
    """Start the server, if it does not run yet."""
    from shopstream.build import warehouse_lock
    from shopstream.server import start

    check_engine(on_spark=True)
    settings.warehouse.mkdir(parents=True, exist_ok=True)
    with warehouse_lock(settings.warehouse):
        found = start(settings, port)
    click.echo(f"{found}; builds use it. To end it: .venv/bin/shopstream server stop")


@server.command("stop")
@click.pass_obj
def stop_server(settings: Settings) -> None:
    """End the server."""
    from shopstream.build import warehouse_lock
    from shopstream.server import stop

    settings.warehouse.mkdir(parents=True, exist_ok=True)
    with warehouse_lock(settings.warehouse):
        ended = stop(settings.warehouse)
    click.echo(f"ended: {ended}" if ended else "no Spark server of this warehouse runs")


@server.command("status")
@click.option("--address", is_flag=True, help="Only print what SHOPSTREAM_REMOTE has to be.")
@click.pass_obj
def server_status(settings: Settings, address: bool) -> None:
    """Say whether the server runs; exit code 0 if it does, else 1."""
    from shopstream.server import running

    found = running(settings.warehouse)
    if not found:
        click.echo("no Spark server of this warehouse runs", err=True)
        sys.exit(1)
    click.echo(found.address if address else found)


@main.command()
@click.pass_obj
def docs(settings: Settings) -> None:
    """Write the dbt documentation as one file."""
    from shopstream.build import dbt
    from shopstream.published import mart_folders

    options = []
    if not mart_folders(settings.warehouse):
        # There is no table to look at yet: models are shown as they are written.
        dbt(settings, "parse")
        options = ["--no-compile", "--empty-catalog"]
    code = dbt(settings, "docs", "generate", "--static", *options)
    if code == 0:
        click.echo(f"Open {settings.target / 'static_index.html'} in a browser.")
    sys.exit(code)


@main.command()
def outdated() -> None:
    """List the locked packages and jars of which there is a newer version."""
    from shopstream.upkeep import outdated

    for name, held, newest in outdated():
        click.echo(f"{name:32}{held:16}{newest}")


@main.command()
def licences() -> None:
    """Write docs/licences.md: all dependencies with their licences."""
    from shopstream.upkeep import LICENCES, licences

    LICENCES.write_text(licences())


@main.command()
def audit() -> None:
    """Look the locked packages up in the index's list of known vulnerabilities."""
    from shopstream.upkeep import vulnerabilities

    words, judged = vulnerabilities()
    for line in words:
        click.echo(line)
    if not judged:
        click.echo("NOT RUN: the vulnerability scan, the package index has no such list")
    else:
        click.echo(f"{len(words)} known vulnerabilities in {judged} packages")
    sys.exit(1 if words else 0)


@main.command()
@click.pass_obj
def clean(settings: Settings) -> None:
    """Remove tables, sample, compiled files and logs, end the server; never the landing files."""
    from shopstream import compiled
    from shopstream.build import empty_warehouse, warehouse_lock
    from shopstream.server import stop

    check_removable(settings)
    settings.warehouse.mkdir(parents=True, exist_ok=True)
    with warehouse_lock(settings.warehouse):
        # It writes to the logs, which go.
        stop(settings.warehouse)
        empty_warehouse(settings.warehouse)
    for file in settings.sample.glob("events_????-??-??.*"):
        file.unlink()
    compiled.remove(settings.target)
    for name in LOGS:
        for file in settings.logs.glob(name):
            file.unlink()
    click.echo(
        f"removed the tables in {settings.warehouse}, the sample, what dbt made in "
        f"{settings.target} and the logs in {settings.logs}"
    )
