"""What pages leave out where no event has a price: all that is money.

The core marts hold 0 there, as the contract says of a missing price; to show that as revenue would
be to make it up.
"""

from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from dashboard import data
from dashboard.blocks import Block, Cards, Empty, Table
from dashboard.columns import COLUMNS
from dashboard.data import Build

# Choices of filters that stand for amounts; the change is that of the revenue.
CHOICES = ("revenue", "change")
WORDS = "no file has prices"
NOTE = Empty(
    "These files have no prices",
    "So revenue, order values, prices and all that compares by them are left out. Counts of "
    "visitors, sessions, orders and purchases hold; Explorer, under Products, lists them by "
    "product.",
)


def needs_prices(section: Callable) -> Callable:
    """Mark a section, or a rule of what stands out, as one that is about money alone."""
    section.needs_prices = True
    return section


def is_left_out(section: Callable, build: Build) -> bool:
    """Whether a section says nothing of this build because prices are missing."""
    return getattr(section, "needs_prices", False) and not data.quality.has_prices(build)


def without_amounts(rows: pd.DataFrame, build: Build) -> pd.DataFrame:
    """Metrics with their `value` and `unit`, less amounts that no file has prices for."""
    if data.quality.has_prices(build):
        return rows
    return rows[rows["value"].notna() | (rows["unit"] != "money")].reset_index(drop=True)


def without_money(block: Block) -> Block:
    """A block without its cards and columns of money."""
    if isinstance(block, Cards):
        return replace(block, cards=tuple(card for card in block.cards if not card.of_money))
    if isinstance(block, Table):
        gone = [column for column in block.columns if COLUMNS[column][1] == "money"]
        # Beside the revenue, the change is its.
        gone += ["change"] if "revenue" in gone else []
        return replace(block, columns=tuple(c for c in block.columns if c not in gone))
    return block
