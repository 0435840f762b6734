"""The published figures of a month beside those of the loaded data."""

from pathlib import Path

from shopstream.config import SAMPLE_MARK
from shopstream.people.query import show

COMPARISON = """
    select figure, published_value, held_value, difference, verdict, note
    from published_comparison
    order by figure_order"""


def compare(warehouse: Path) -> None:
    """Print the comparison as a table. Raises NothingPublished."""
    show(warehouse, COMPARISON, "table")
    if (warehouse / SAMPLE_MARK).exists():
        print("The generated sample is loaded: its figures are not those of the real month.")
