"""Commands that look after a warehouse: its size, its server, its end."""

import sys

import click

from shopstream.config import Settings, check_engine, check_removable
from shopstream.people.commands import PORT

# What this package and dbt write into the folder of logs.
LOGS = ("shopstream.log", "jvm.log", "server.log", "failing_rows.log", "dbt.log*")


@click.group()
def server() -> None:
    """A Spark session that stays warm between builds of this warehouse, on 127.0.0.1.

    While it runs, `shopstream build` and all that builds use it.
    """


@server.command("start")
@click.option("--port", type=PORT, default=15002, help="Port on 127.0.0.1.")
@click.pass_obj
def start_server(settings: Settings, port: int) -> None:
    """Start the server, if it does not run yet."""
    from shopstream.run.server import start
    from shopstream.warehouse.lock import warehouse_lock

    check_engine(on_spark=True)
    settings.warehouse.mkdir(parents=True, exist_ok=True)
    with warehouse_lock(settings.warehouse):
        found = start(settings, port)
    click.echo(f"{found}; builds use it. To end it: .venv/bin/shopstream server stop")


@server.command("stop")
@click.pass_obj
def stop_server(settings: Settings) -> None:
    """End the server."""
    from shopstream.run.server import stop
    from shopstream.warehouse.lock import warehouse_lock

    settings.warehouse.mkdir(parents=True, exist_ok=True)
    with warehouse_lock(settings.warehouse):
        ended = stop(settings.warehouse)
    click.echo(f"ended: {ended}" if ended else "no Spark server of this warehouse runs")


@server.command("status")
@click.option("--address", is_flag=True, help="Only print the value for SHOPSTREAM_REMOTE.")
@click.pass_obj
def server_status(settings: Settings, address: bool) -> None:
    """Say whether the server runs. Exit code 0: it does; 1: it does not."""
    from shopstream.run.server import running

    found = running(settings.warehouse)
    if not found:
        click.echo("no Spark server of this warehouse runs", err=True)
        sys.exit(1)
    click.echo(found.address if address else found)


@click.command()
@click.option("--delist", is_flag=True, help="Keep only the current build.")
@click.pass_obj
def maintain(settings: Settings, delist: bool) -> None:
    """Compact the tables and delete files that no listed build needs. Run it each week."""
    from shopstream.run.server import stop_if_lent
    from shopstream.warehouse.lock import warehouse_lock
    from shopstream.warehouse.maintenance import maintain
    from shopstream.warehouse.written import by_this_run

    with warehouse_lock(settings.warehouse):
        stop_if_lent(settings.warehouse)
        with by_this_run(settings.warehouse, click.echo):
            done = maintain(settings.warehouse, delist_all=delist, on_progress=click.echo)
    click.echo(
        f"{done['files']:,} files in the current versions; {done['deleted']:,} files deleted, "
        f"{done['freed'] / 1e6:,.1f} MB freed"
    )


@click.command()
@click.pass_obj
def clean(settings: Settings) -> None:
    """Remove tables, sample, compiled files and logs, and end the server. Landing files stay."""
    from shopstream.run.compiled import remove
    from shopstream.run.server import stop
    from shopstream.warehouse.emptying import empty_warehouse
    from shopstream.warehouse.lock import warehouse_lock

    check_removable(settings)
    settings.warehouse.mkdir(parents=True, exist_ok=True)
    with warehouse_lock(settings.warehouse):
        # It writes to the logs, which go.
        stop(settings.warehouse)
        empty_warehouse(settings.warehouse)
    for file in settings.sample.glob("events_????-??-??.*"):
        file.unlink()
    remove(settings.target)
    for name in LOGS:
        for file in settings.logs.glob(name):
            file.unlink()
    click.echo(
        f"removed the tables in {settings.warehouse}, the sample, what dbt made in "
        f"{settings.target} and the logs in {settings.logs}"
    )
