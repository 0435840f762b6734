"""The products of the made-up shop, from catalogue.csv.

Its columns: the first digits of product ids; the category, "-" for an unknown one; views, of
10,000; its share of the products; buying, percent of the mean; the usual price; and its brands,
brand:weight[:usual price], with a blank between them.
"""

import csv
from dataclasses import dataclass
from math import isqrt
from pathlib import Path

import numpy as np

from shopstream.sample.hashing import before, below, draw, numbered, seed_root

Columns = dict[str, np.ndarray]  # name -> array; all arrays of one length
PRICE_SPREAD = np.array([88, 55, 120, 70, 150, 42, 100, 80, 190, 62, 110, 35, 135, 75, 260, 95])
# (prefix, brand, rank) of the product that is bought, and of the one that is bought along with it
PAIRS = (
    ((10, "samsung", 0), (180, "samsung", 0)),
    ((10, "samsung", 1), (48, "samsung", 0)),
    ((10, "apple", 0), (48, "apple", 0)),
    ((10, "apple", 1), (180, "apple", 0)),
    ((10, "xiaomi", 0), (49, "xiaomi", 0)),
    ((10, "huawei", 0), (48, "huawei", 0)),
    ((18, "samsung", 0), (58, "pioneer", 0)),
    ((36, "samsung", 0), (38, "tefal", 0)),
)
PAIR_PERCENT = 50  # of the purchases of the first product bring the second one along


@dataclass(frozen=True)
class Catalogue:
    """The products. A cell is the products of one brand in one category, best-seller first.

    Arrays marked "sums" begin with 0 and have one entry more than what they count.
    """

    codes: list[str | None]  # [category]
    brands: list[str | None]
    category_cells: np.ndarray  # [category] -> its first cell; sums
    cell_weight: np.ndarray  # [cell] -> weight of the cells before; sums
    cell_start: np.ndarray  # [cell] -> its first product; sums
    rank_weight: np.ndarray  # [rank in a cell] -> weight of the ranks before; sums
    products: Columns  # see make_products
    numbers: dict[tuple[int, str, int], int]  # (prefix, brand, rank 0 or 1) -> product


def read_categories() -> tuple[dict[str, np.ndarray], list[str], list[list[str]]]:
    """Numbers of each category by name of their column, the categories, and their brands."""
    with Path(__file__).with_name("catalogue.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    columns = ("product_prefix", "views", "products", "buying", "price")
    numbers = {name: np.array([int(row[name]) for row in rows]) for name in columns}
    return numbers, [row["category_code"] for row in rows], [row["brands"].split() for row in rows]


def make_catalogue(events: int, seed: int) -> Catalogue:
    """Read the catalogue into cells and fill these with products, more of them at a higher rate."""
    of_category, codes, brands_of = read_categories()
    cells = []  # category, brand, weight in the category, usual price
    for category, texts in enumerate(brands_of):
        for text in texts:
            brand, weight, *price = text.split(":")
            usual = int(price[0]) if price else int(of_category["price"][category])
            cells.append((category, brand, int(weight), usual))
    prefix, variety = of_category["product_prefix"], of_category["products"]
    category, share, price = (np.array([cell[at] for cell in cells]) for at in (0, 2, 3))
    category_cells = np.searchsorted(category, np.arange(len(codes) + 1))
    share = share * 10_000 // np.add.reduceat(share, category_cells[:-1])[category]
    # The real October has 167,000 products in 42.4 M events. A smaller shop has fewer, not in
    # proportion, since most views go to few products.
    sizes = 2 + isqrt(events * 660) * variety[category] * share // (10_000 * variety.sum())
    starts = before(sizes)
    numbers = {
        (int(prefix[cell[0]]), cell[1], rank): int(starts[at]) + rank
        for at, cell in enumerate(cells)
        for rank in (0, 1)
    }
    brands = sorted({cell[1] for cell in cells})
    columns = {
        "prefix": prefix[category],
        "category": category,
        "brand": np.array([brands.index(cell[1]) for cell in cells]),
        "price": price,
        "buying": of_category["buying"][category],
    }
    return Catalogue(
        codes=[None if code == "-" else code for code in codes],
        brands=[None if brand == "-" else brand for brand in brands],
        category_cells=category_cells,
        cell_weight=before(of_category["views"][category] * share),
        cell_start=starts,
        rank_weight=before(10**8 // np.arange(1, sizes.max() + 1)),
        products=make_products(columns, starts, numbers, seed_root(seed, 2)),
        numbers=numbers,
    )


def make_products(
    cells: Columns, starts: np.ndarray, numbers: dict[tuple[int, str, int], int], root: int
) -> Columns:
    """Return the products, cell by cell; some get another category or brand on a later day."""
    cell = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    next_cell = (cell + 1) % (len(starts) - 1)
    rank = np.arange(len(cell)) - starts[cell]
    category, brand = cells["category"][cell], cells["brand"][cell]
    serial = np.arange(len(cell)) - np.searchsorted(category, category)
    key = numbered(root, np.arange(len(cell)))
    # The first products of a cell carry the shares of brands and prices: they stay as they are.
    rebrands = (rank >= 3) & (below(draw(key, 1), 50) == 0)
    moves = (rank >= 3) & (below(draw(key, 2), 50) == 0)
    is_free = (rank >= 8) & (below(draw(key, 3), 330) == 0)
    percent = PRICE_SPREAD[(rank + 3 * cell) % 16] * (95 + below(draw(key, 4), 11))  # of 10,000
    cents = cells["price"][cell] * percent // 100 + below(draw(key, 6), 100)
    along = np.full(len(cell), -1)  # the product often bought with it
    for one, other in PAIRS:
        along[numbers[one]] = numbers[other]
    return {
        "id": cells["prefix"][cell] * 100_000 + (serial * 7919 + 115) % 100_000,
        "category": category,
        "later_category": np.where(moves, (category + 1) % (category[-1] + 1), category),
        "brand": brand,
        "later_brand": np.where(rebrands, cells["brand"][next_cell], brand),
        "change_day": 2 + below(draw(key, 5), 26),
        "cents": np.where(is_free, 0, cents),
        "buying": np.where(is_free, 0, cells["buying"][cell]),
        "along": along,
        "key": key,
    }
