"""The commands of `shopstream`, each a thin call of what does the work."""

import click

PORT = click.IntRange(1, 65535)
