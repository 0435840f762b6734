"""Generate a sample clickstream: one file per day of a made-up shop, like the real data set.

The same seed gives the same bytes on every machine. Every choice is a hash (splitmix64) of
(seed, what it is, which choice), turned into a number below n with integers only, and looked up
in an integer table. Nothing depends on the order of the work, so any day can be made by itself:
its file holds the sessions that started on that day, and what earlier ones left for it.

How a day comes about:
    catalogue   products in cells of (category, brand); most of a cell's views go to its first few
    users       new users each day; each returns on later days by a planted retention curve
    sessions    one to several per user and active day, with a start, a length, a home category
    rows        views of products, some with a cart and a purchase behind, spread over the session
    dirt        duplicates, late rows, rows out of the window, missing ids, unusable rows
"""

from shopstream.sample.day import EVENT_TYPES, PURCHASE, delivered_rows
from shopstream.sample.files import generate
from shopstream.sample.shop import make_shop, midnight, planted

__all__ = [
    "EVENT_TYPES",
    "PURCHASE",
    "delivered_rows",
    "generate",
    "make_shop",
    "midnight",
    "planted",
]
