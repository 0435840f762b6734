"""Commands that show what is published, or choose what readers see."""

import sys

import click

from shopstream.config import PROJECT, SAMPLE_MARK, Settings
from shopstream.people.commands import PORT
from shopstream.plain import plain_lines

COMPARISON = """
    select figure, published_value, held_value, difference, verdict, note
    from published_comparison
    order by figure_order"""


@click.command()
@click.option("--repair", is_flag=True, help="Restore published.json from its copy first.")
@click.pass_obj
def published(settings: Settings, repair: bool) -> None:
    """List the builds that readers can be shown, newest first."""
    from shopstream import published
    from shopstream.warehouse import publishing
    from shopstream.warehouse.lock import warehouse_lock

    if repair:
        with warehouse_lock(settings.warehouse):
            publishing.repair(settings.warehouse)
    shown = published.read_published(settings.warehouse)
    for build in shown["builds"]:
        mark = "  <- readers see this one" if build["build_id"] == shown["build_id"] else ""
        click.echo(f"build {build['build_id']}  {build['published_at']}{mark}")


@click.command()
@click.option("--against", metavar="TARGET", help="Build it all on another engine and compare.")
@click.pass_obj
def verify(settings: Settings, against: str | None) -> None:
    """Check the whole published build: files, rows, keys, ledger. Exit code 1: it is damaged.

    With --against, what has landed is also built in a scratch warehouse beside this one, on the
    engine of a target (embedded, sail), and each published table that differs is a fault.
    """
    from shopstream.run.against import differences
    from shopstream.warehouse.verify import verify

    faults = verify(settings.warehouse)
    if against:
        other = differences(settings, against)
        faults += [f"{name}, by {against}: {words}" for name, words in other.items()]
    for fault in faults:
        click.echo(plain_lines(fault), err=True)
    click.echo(f"{len(faults)} faults" if faults else "the published build is whole")
    sys.exit(1 if faults else 0)


@click.command()
@click.argument("build_id", type=int, required=False)
@click.pass_obj
def rollback(settings: Settings, build_id: int | None) -> None:
    """Show readers an earlier build at once, by default the one before the current one.

    Nothing is computed or deleted. The next build that passes is published as usual.
    """
    from shopstream.warehouse.lock import warehouse_lock
    from shopstream.warehouse.publishing import roll_back

    with warehouse_lock(settings.warehouse):
        shown = roll_back(settings.warehouse, build_id)
    click.echo(
        f"Readers see build {shown['build_id']} of {shown['published_at']} now, "
        "until the next build passes."
    )


@click.command()
@click.argument("sql")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table")
@click.option(
    "--unpublished",
    is_flag=True,
    help="Read the newest versions, such as those of a failed build. The answer says so.",
)
@click.pass_obj
def query(settings: Settings, sql: str, form: str, unpublished: bool) -> None:
    """Run SQL over the published marts, for example: "select count(*) from fct_events".

    With - instead of SQL, it is read from standard input.
    """
    from shopstream.people.query import show

    sql = sys.stdin.read() if sql == "-" else sql
    show(settings.warehouse, sql, form, unpublished=unpublished)


@click.command()
@click.pass_obj
def compare(settings: Settings) -> None:
    """Compare the published figures of October 2019 with the published marts, row by row."""
    from shopstream.people.query import show

    show(settings.warehouse, COMPARISON, "table")
    if (settings.warehouse / SAMPLE_MARK).exists():
        click.echo("The generated sample is loaded: its figures are not those of the real month.")


@click.command()
@click.option("--port", type=PORT, default=8501, help="Port on 127.0.0.1.")
@click.pass_obj
def dashboard(settings: Settings, port: int) -> None:
    """Serve the dashboard on http://127.0.0.1:8501. It needs no Java."""
    import os

    from shopstream.run.server import check_port

    check_port(port)
    command = [sys.executable, "-m", "streamlit", "run", "dashboard/app.py"]
    os.chdir(PROJECT)
    os.execve(sys.executable, [*command, f"--server.port={port}"], settings.environment())


@click.command()
@click.pass_obj
def docs(settings: Settings) -> None:
    """Write the dbt documentation as one file."""
    from shopstream.people.documentation import write_documentation

    click.echo("Parsing the project and compiling its models and tests ...")
    code = write_documentation(settings)
    if code == 0:
        click.echo(f"Open {settings.target / 'static_index.html'} in a browser.")
    sys.exit(code)
