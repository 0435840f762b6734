"""The one command-line tool."""

import click

from shopstream.people.commands import inspecting, loads, readers, warehouse
from shopstream.people.plain_errors import PlainErrors, prepare
from shopstream.people.report import report

COMMANDS = [
    *(inspecting.inspect, loads.build, loads.land, loads.backfill, loads.sample),
    *(loads.reload, loads.withdraw, loads.erase),
    *(readers.query, readers.dashboard, report, readers.compare, readers.docs),
    *(readers.published, readers.rollback, readers.verify),
    *(warehouse.maintain, warehouse.server, warehouse.clean),
]


@click.group(cls=PlainErrors)
@click.pass_context
def main(context: click.Context) -> None:
    """Clickstream exports to tables that people can trust."""
    prepare(context)


for command in COMMANDS:
    main.add_command(command)
