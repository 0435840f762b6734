"""What a command says on the terminal while it works."""

from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

console = Console(highlight=False, soft_wrap=True)


def announce(words: str) -> None:
    """Say something in a line of its own; names in it are not read as markup."""
    console.print(words, markup=False)


@contextmanager
def progress_bar(verb: str):
    """A bar over bytes, one file at a time; yields the callback of `landing.land`."""
    words = TextColumn(verb + " {task.description}", markup=False)
    columns = words, BarColumn(), DownloadColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)

        def advance(name: str, done: int, total: int) -> None:
            progress.update(task, description=name, completed=done, total=total)

        yield advance
