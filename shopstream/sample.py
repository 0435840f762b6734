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

import io
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import isqrt
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

Columns = dict[str, np.ndarray]  # name -> array; all arrays of one length

# Product number prefix, category code, views (of 10,000), share of the products, buying (percent
# of the mean), usual price, then brand:weight[:usual price]. "-" stands for an unknown value.
CATALOGUE = """
10 electronics.smartphone 2720 20 150 250 samsung:345:345 apple:355:930 xiaomi:125:190 huawei:85 \
oppo:28 nokia:14:160 vivo:12:280 meizu:10:160 oneplus:8:600 honor:6:230 -:2:150
88 electronics.telephone 90 5 70 40 nokia:55 bq:15:22 maxvi:10:15 prestigio:10:12 elari:10:30
48 electronics.audio.headphone 330 25 135 60 apple:40:165 xiaomi:24:32 samsung:18:60 jbl:9:50 \
elari:5 sony:5:120 ritmix:3:12 huawei:3:75
58 electronics.audio.subwoofer 90 7 60 100 pioneer:30 pride:20 kicx:20 alphard:15 -:48
51 electronics.clocks 220 20 85 160 samsung:30:190 apple:28:390 xiaomi:20:110 garmin:10:600 \
honor:6 aimoto:6:50 -:5
21 electronics.clocks 180 55 35 190 casio:40:110 tissot:14:520 longines:10:1300 orient:12:150 \
fossil:8 rado:3:1600 -:26
18 electronics.video.tv 320 20 90 360 samsung:36:400 lg:22:400 sony:9:560 artel:12:170 \
haier:8:300 tcl:6:230 -:2
12 electronics.tablet 130 7 60 210 samsung:38:230 apple:30:480 huawei:16:150 lenovo:10:130 -:4:60
13 computers.notebook 340 30 50 480 lenovo:30 acer:26:560 hp:22 asus:14 apple:6:1300 dell:5:680
14 computers.desktop 120 15 40 620 pulser:35 acer:18 hp:15 lenovo:12 apple:6:1400 -:10
68 computers.components.hdd 80 10 60 50 kingston:35 transcend:25 seagate:20 toshiba:20
67 computers.components.videocards 70 7 45 230 asus:35 gigabyte:28 palit:20 powercolor:10
17 computers.peripherals.monitor 100 8 50 150 samsung:28 lg:22 acer:18 aoc:15 hp:12 dell:10
15 computers.peripherals.printer 75 6 60 150 epson:40 canon:30 hp:30
91 computers.peripherals.mouse 60 15 60 30 logitech:40 a4tech:25 razer:15 asus:8 -:30
36 appliances.kitchen.washer 260 12 85 300 samsung:36:340 lg:25 indesit:15 beko:12 bosch:8 artel:8
27 appliances.kitchen.refrigerators 270 15 70 400 lg:24 samsung:22:480 indesit:20 beko:12 \
haier:10 midea:10:180 -:4
29 appliances.kitchen.microwave 70 6 85 90 lg:30 samsung:25 elenberg:20:50 midea:12 gorenje:8
32 appliances.kitchen.meat_grinder 60 6 70 60 polaris:26 dauscher:22:35 bosch:16 philips:12 -:18
31 appliances.kitchen.blender 60 8 70 45 redmond:30 polaris:25 vitek:15 braun:15 -:5
63 appliances.kitchen.kettle 60 8 75 22 dauscher:22 elenberg:20 vitek:18 polaris:15 xiaomi:12
37 appliances.environment.vacuum 230 14 95 120 samsung:28 karcher:18 xiaomi:18:230 lg:14 \
bosch:14 philips:10 -:3
56 appliances.environment.air_heater 90 9 70 40 oasis:35 elenberg:22 ballu:14 electrolux:12 -:8
39 appliances.environment.water_heater 80 6 60 95 ariston:40 artel:25 haier:12 aqua:10 -:5
38 appliances.iron 80 7 80 40 tefal:28 redmond:24 philips:20 scarlett:18 vitek:15
50 appliances.sewing_machine 50 4 60 170 janome:60 jaguar:25 bernina:15
60 auto.accessories.alarm 70 4 45 130 starline:70 tomahawk:20 pandora:10
57 auto.accessories.player 90 9 55 110 pioneer:38 alpine:16 kenwood:16 jvc:14 -:48
47 auto.accessories.videoregister 60 9 60 80 sho-me:30 anytek:18 xiaomi:18 ibox:14 -:42
287 apparel.shoes.keds 150 90 22 70 respect:28 strobbs:22 nike:14 adidas:14 baden:12 asics:8 -:4
288 apparel.shoes 170 140 18 85 respect:26 baden:22 rieker:18 fassen:15 salamander:8 -:36
147 furniture.living_room.cabinet 70 40 15 240 brw:28 sv:22 bts:12 -:84
172 furniture.living_room.sofa 80 50 12 460 sv:15 bts:10 mebelain:8 -:96
132 furniture.bedroom.bed 60 30 15 280 sv:35 bts:18 domini:12 -:54
168 furniture.kitchen.table 50 25 20 180 domini:25 sv:18 -:72
300 construction.tools.welding 50 8 40 150 denzel:40 huter:20 laston:18 magnetta:14
123 construction.tools.drill 70 10 65 85 bosch:30 makita:24 dewalt:18 crown:14 -:30
122 sport.bicycle 70 15 20 260 stels:28 stark:18 giant:12 trinx:15 sunday:14 -:8
70 kids.carriage 60 12 35 140 lorelli:30 belecoo:25 chicco:12 -:36
49 - 364 12 110 25 xiaomi:70 honor:14 samsung:12:60 garmin:4:90
180 - 155 30 130 18 samsung:55 apple:16:40 nillkin:12 a-case:12:10 -:24
127 - 342 60 90 48 cordiant:34 triangle:18 nokian:14:65 yokohama:12:75 viatti:12 michelin:10:95 -:10
131 - 122 25 40 170 skad:36 kipardo:28 trebl:14 -:36
227 - 210 30 55 80 stels:28 force:22 wera:12 bosch:12 stanley:10 -:24
26 - 231 14 55 190 artel:30 dauscher:22 bosch:18:340 gefest:14 beko:12 -:10
151 - 166 60 12 430 sv:16 lider:12 bts:10 -:108
264 - 254 120 20 190 lucente:26 sokolov:14 diamant:8 -:102
262 - 198 110 20 160 lucente:22 sokolov:12 efremov:6 -:108
281 - 122 60 15 120 erkaplan:14 balta:10 erdenet:10 -:96
173 - 122 40 60 70 montale:26 lanvin:20 versace:18 dior:12:100 -:36
43 - 122 14 65 45 polaris:34 vitek:28 timberk:14 xiaomi:10:120
159 - 132 70 50 30 tefal:24 rondell:24 agness:18 ikea:8 -:78
41 - 99 14 70 300 microsoft:45 sony:50 sega:5:50
107 - 88 30 85 35 sony:40 ea:28 bethesda:10 -:30
328 - 67 12 25 450 riviera:34 rush:26 apache:12 -:30
315 - 99 25 60 30 luminarc:80 bormioli:10 -:24
348 - 88 60 30 35 cantra:25 fancy:15 -:84
85 - 67 7 40 500 hubert:30 bosch:24:750 rinnai:12 -:18
157 - 67 40 15 170 bts:25 sv:20 -:84
260 - 99 70 25 12 kapous:10 estel:10 -:96
233 - 77 60 30 25 arua:12 barbie:15 lego:12:45 -:72
152 - 77 10 60 95 bars:36 varta:26 bosch:24 mutlu:10
165 - 67 4 85 60 omron:85 microlife:15
"""
PRICE_SPREAD = np.array([88, 55, 120, 70, 150, 42, 100, 80, 190, 62, 110, 35, 135, 75, 260, 95])
WEEKLY_PRICE = np.array([100, 100, 100, 97, 95, 103, 90, 100])  # percent of the base price
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

# Four groups of users: one-time, occasional, regular and daily visitors.
GROUP_SHARE = np.array([705, 220, 72, 3])  # per mille
GROUP_RETURN = np.array([310, 1700, 4900, 9800])  # chance to be active on day 1, of 10,000
GROUP_ZEAL = np.array([85, 105, 130, 110])  # percent of the mean chance to buy
USER_ZEAL = np.array([10] * 8 + [60] * 3 + [130, 180, 250, 330, 420])  # the same, equally likely
# Sessions of an active day: sixteen equally likely numbers for each group.
SESSIONS_A_DAY = np.array(
    [
        [1] * 13 + [2, 2, 3],
        [1] * 10 + [2, 2, 2, 2, 3, 4],
        [1] * 7 + [2, 2, 2, 2, 3, 3, 4, 5, 7],
        [1, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 6, 7, 8, 10, 14],
    ]
)
WEEKEND_PERCENT = 125  # events of a Saturday or Sunday, against a working day
EVENTS_PER_1000_SESSIONS = 4630

# By hour (UTC), six to a line: sessions, of 1,000; and the zeal to buy, percent of the mean.
# People browse in the afternoon and evening, but buy in the morning.
HOUR_SESSIONS = np.array(
    [
        [7, 10, 21, 35, 46, 51],
        [53, 54, 55, 54, 53, 53],
        [54, 58, 64, 68, 67, 60],
        [46, 29, 18, 12, 8, 6],
    ]
).ravel()
HOUR_ZEAL = np.array(
    [
        [65, 75, 95, 105, 115, 120],
        [127, 135, 140, 140, 135, 125],
        [115, 105, 90, 78, 72, 66],
        [60, 55, 52, 50, 52, 58],
    ]
).ravel()
VIEWS_WEIGHT = np.array([10**9 // (views + 4) ** 3 for views in range(1, 61)])
SECONDS_PER_VIEW = np.array([4, 8, 12, 16, 20, 25, 30, 36, 44, 54, 68, 90, 130, 200, 330, 700])
BUY_PER_MILLION = 29_900  # views with a cart or a purchase behind, before all the percentages
OUTCOME_WEIGHT = np.array([47, 34, 21])  # cart and purchase; cart only; purchase only

# Event types of the rows that one view becomes, by outcome: nothing, then OUTCOME_WEIGHT's
# three, then the two with a purchase when a paired product (its own three rows) comes along.
VIEW, CART, PURCHASE = 0, 1, 2
EVENT_TYPES = ["view", "cart", "purchase"]
OUTCOMES = [
    [VIEW],
    [VIEW, CART, PURCHASE],
    [VIEW, CART],
    [VIEW, PURCHASE],
    [VIEW, CART, PURCHASE, VIEW, CART, PURCHASE],
    [VIEW, PURCHASE, VIEW, CART, PURCHASE],
]
OUTCOME_ROWS = np.array([len(types) for types in OUTCOMES])
OUTCOME_TYPES = np.array([types + [0] * (6 - len(types)) for types in OUTCOMES])
PAIR_STARTS = np.array([6, 6, 6, 6, 3, 2])  # the row from which on it is the paired product

DAY = 86_400  # seconds
LONGEST_SESSION = 6 * 3600  # seconds, without the pause of a session that is resumed
SPILL_DAYS = 3  # a session's last event lies at most this many days after its first
OUTAGE_FROM_EVENTS, OUTAGE_DAY, OUTAGE_HOURS = 2_500_000, 9, (10, 16)
BROKEN_CSV = ((0, "2019-13-45 99:00:00 UTC"), (6, "free"), (7, "guest"), (2, "n/a"))
BROKEN_PARQUET = (("event_time", None), ("price", float("inf")))
HEADER = (
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"
)
GOLDEN, MASK = 0x9E3779B97F4A7C15, 2**64 - 1


@dataclass(frozen=True)
class Planted:
    """Effects in the data that an analysis must find again."""

    pairs: tuple[tuple[int, int], ...]  # (product_id, product_id bought along with it)
    pair_share: float  # share of the first one's purchases that bring the second one
    retention: tuple[float, ...]  # [N]: share of users active on exactly day N after the first
    weekend_lift: float  # events of a weekend day / events of a working day
    outage: tuple[datetime, datetime] | None  # no purchase from the first until before the second


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


@dataclass(frozen=True)
class Shop:
    """What all days share."""

    root: int  # seed, hashed
    start: date
    first_user: np.ndarray  # [day] -> number of the day's first new user; one entry more than days
    outage: tuple[int, int] | None  # seconds since 1970
    catalogue: Catalogue


# --- hashing ---------------------------------------------------------------------------------


def mix(values: np.ndarray) -> np.ndarray:
    """Return the splitmix64 hash of each uint64."""
    values = (values ^ (values >> 30)) * 0xBF58476D1CE4E5B9
    values = (values ^ (values >> 27)) * 0x94D049BB133111EB
    return values ^ (values >> 31)


def draw(keys: np.ndarray, stream: int) -> np.ndarray:
    """Return one hash per uint64 key; another stream gives independent ones."""
    return mix(keys + (stream * GOLDEN & MASK))


def numbered(root: int, numbers: np.ndarray) -> np.ndarray:
    """Return one key per number, all under one root."""
    return mix(root + numbers.astype(np.uint64) * GOLDEN)


def below(hashes: np.ndarray, bound: int | np.ndarray) -> np.ndarray:
    """Turn hashes into int64 from 0 to bound - 1; bound (at most 2**32) may differ per hash."""
    bound = np.asarray(bound).astype(np.uint64)
    return ((hashes >> 32) * bound >> 32).astype(np.int64)


def pick(weights: np.ndarray, hashes: np.ndarray) -> np.ndarray:
    """Return, for each hash, an index of weights, as often as its weight says."""
    sums = np.cumsum(weights)
    return np.searchsorted(sums, below(hashes, sums[-1]), side="right")


def before(sizes: np.ndarray) -> np.ndarray:
    """Return 0 and the running sums of sizes."""
    return np.concatenate([[0], np.cumsum(sizes)])


def seed_root(seed: int, branch: int) -> int:
    """Return the root of one branch of keys: 1 users, 2 products."""
    return int(draw(mix(np.array([seed & MASK], np.uint64)), branch)[0])


# --- the shop --------------------------------------------------------------------------------


def make_catalogue(events: int, seed: int) -> Catalogue:
    """Read CATALOGUE into cells and fill these with products, more of them at a higher rate."""
    lines = [line.split() for line in CATALOGUE.strip().splitlines()]
    prefix, views, variety, buying = (
        np.array([int(line[at]) for line in lines]) for at in (0, 2, 3, 4)
    )
    cells = []  # category, brand, weight in the category, usual price
    for category, line in enumerate(lines):
        for text in line[6:]:
            brand, weight, *price = text.split(":")
            cells.append((category, brand, int(weight), int(price[0] if price else line[5])))
    category, share, price = (np.array([cell[at] for cell in cells]) for at in (0, 2, 3))
    category_cells = np.searchsorted(category, np.arange(len(lines) + 1))
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
        "buying": buying[category],
    }
    return Catalogue(
        codes=[None if line[1] == "-" else line[1] for line in lines],
        brands=[None if brand == "-" else brand for brand in brands],
        category_cells=category_cells,
        cell_weight=before(views[category] * share),
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


def make_shop(events: int, seed: int, days: int, start: date) -> Shop:
    """Build what all days share, for a rate of events per 31 days."""
    return Shop(
        root=seed_root(seed, 1),
        start=start,
        first_user=before(new_users(events, days, start)),
        outage=outage_seconds(events, start),
        catalogue=make_catalogue(events, seed),
    )


def return_chance(age: int) -> np.ndarray:
    """Return each group's chance, of 10,000, to be active age days after the first day."""
    weekly = 120 if age % 7 == 0 else 100  # a little more on the same weekday
    return GROUP_RETURN * 8 * weekly // ((age + 7) * 100)


def new_users(events: int, days: int, start: date) -> list[int]:
    """Return how many new users each day needs, beside those who return, for its sessions."""
    a_week = 5 * 100 + 2 * WEEKEND_PERCENT
    per_active = GROUP_SHARE * SESSIONS_A_DAY.sum(axis=1)  # of 16,000
    per_return = [int((per_active * return_chance(age)).sum()) for age in range(1, days)]
    counts: list[int] = []
    for day in range(days):
        weekend = (start + timedelta(days=day)).weekday() >= 5
        percent = WEEKEND_PERCENT if weekend else 100
        sessions = events * 1000 * 7 * percent * 16_000 // (EVENTS_PER_1000_SESSIONS * 31 * a_week)
        ages = range(day, 0, -1)
        returning = sum(n * per_return[age - 1] for n, age in zip(counts, ages, strict=True))
        counts.append(max(1, (sessions - returning // 10_000) // int(per_active.sum())))
    return counts


def outage_seconds(events: int, start: date) -> tuple[int, int] | None:
    """Return the first second without purchases and the first one with them again."""
    if events < OUTAGE_FROM_EVENTS:
        return None
    first = midnight(start, OUTAGE_DAY)
    return first + OUTAGE_HOURS[0] * 3600, first + OUTAGE_HOURS[1] * 3600


def midnight(start: date, day: int) -> int:
    """Return the second since 1970 at which the day begins."""
    return ((start - date(1970, 1, 1)).days + day) * DAY


def planted(events: int, seed: int, *, start: date = date(2019, 10, 1)) -> Planted:
    """State the effects that generate() plants at this rate and seed."""
    catalogue = make_catalogue(events, seed)
    ids = catalogue.products["id"]
    shares = [int((GROUP_SHARE * return_chance(age)).sum()) / 10**7 for age in range(1, 31)]
    outage = outage_seconds(events, start)
    return Planted(
        pairs=tuple(
            (int(ids[catalogue.numbers[one]]), int(ids[catalogue.numbers[other]]))
            for one, other in PAIRS
        ),
        pair_share=PAIR_PERCENT / 100,
        retention=(1.0, *shares),
        weekend_lift=WEEKEND_PERCENT / 100,
        outage=outage and tuple(datetime.fromtimestamp(at, UTC) for at in outage),
    )


# --- a day's rows ----------------------------------------------------------------------------


def take(columns: Columns, chosen: np.ndarray) -> Columns:
    """Return the chosen rows (a mask or numbers)."""
    return {name: values[chosen] for name, values in columns.items()}


def joined(parts: list[Columns]) -> Columns:
    """Return the rows of all parts, in order."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def visitors(shop: Shop, day: int) -> Iterator[Columns]:
    """Give the users active on the day, one cohort of first days after another."""
    for first_day in range(day + 1):
        user = np.arange(shop.first_user[first_day], shop.first_user[first_day + 1])
        key = numbered(shop.root, user)
        group = pick(GROUP_SHARE, draw(key, 1))
        age = day - first_day
        active = below(draw(key, 100 + age), 10_000) < return_chance(age)[group]
        zeal = GROUP_ZEAL[group] * USER_ZEAL[below(draw(key, 2), 16)] // 100
        visitor = {"user": user, "key": key, "group": group, "zeal": zeal}
        yield take(visitor, active | (age == 0))


def sessions_of(shop: Shop, day: int) -> Columns:
    """Return the sessions that start on the day; start and end are seconds since 1970."""
    users = joined(list(visitors(shop, day)))
    day_key = draw(users["key"], 10_000 + day)
    counts = SESSIONS_A_DAY[users["group"], below(draw(day_key, 1), 16)]
    owner = np.repeat(np.arange(len(counts)), counts)
    key = mix(day_key[owner] + (np.arange(len(owner)) - before(counts)[owner]).astype(np.uint64))
    hour = pick(HOUR_SESSIONS, draw(key, 1))
    views = 1 + pick(VIEWS_WEIGHT, draw(key, 2))
    pace = SECONDS_PER_VIEW[below(draw(key, 3), 16)]
    length = np.minimum(views * pace + below(draw(key, 4), 60), LONGEST_SESSION)
    resumed = (views > 1) & (below(draw(key, 5), 300) == 0)
    user = users["user"][owner]
    # Now and then two users share a session id (as sent by the real shop).
    name = draw(key, 7)
    shares = (below(draw(key, 8), 1500) == 0) & (user != np.roll(user, 1))
    start = midnight(shop.start, day) + hour * 3600 + below(draw(key, 9), 3600)
    pause = np.where(resumed, 10 * 3600 + below(draw(key, 6), 50 * 3600), 0)
    home_weight = shop.catalogue.cell_weight[shop.catalogue.category_cells]
    return {
        "key": key,
        "user": user,
        "name": np.where(shares, np.roll(name, 1), name),
        "views": views,
        "start": start,
        "length": length,
        "pause": pause,
        "end": start + length + pause,
        "home": np.searchsorted(home_weight, below(draw(key, 10), home_weight[-1]), "right") - 1,
        "zeal": users["zeal"][owner] * HOUR_ZEAL[hour],  # of 10,000
        "delivery": below(draw(key, 11), 10_000),  # 0, 1: a day late; 2, 3: twice, the next day too
    }


def viewed_products(
    catalogue: Catalogue, sessions: Columns, owner: np.ndarray, key: np.ndarray
) -> np.ndarray:
    """Return the product of each view: often of the home category, often the one before again."""
    weights, starts = catalogue.cell_weight, catalogue.cell_start
    home = sessions["home"][owner]
    stays = below(draw(key, 1), 100) < 72
    low = np.where(stays, weights[catalogue.category_cells[home]], 0)
    high = np.where(stays, weights[catalogue.category_cells[home + 1]], weights[-1])
    at = low + below(draw(key, 2), high - low)
    cell = np.searchsorted(weights, at, side="right") - 1
    at = below(draw(key, 3), catalogue.rank_weight[starts[cell + 1] - starts[cell]])
    product = starts[cell] + np.searchsorted(catalogue.rank_weight, at, side="right") - 1
    number = np.arange(len(key))
    is_first = np.diff(owner, prepend=-1) > 0
    is_new = is_first | (below(draw(key, 4), 100) >= 35)
    return product[np.maximum.accumulate(np.where(is_new, number, 0))]


def rows_of(shop: Shop, sessions: Columns) -> Columns:
    """Return the rows of the sessions, in the order of sessions and then of time."""
    views = sessions["views"]
    owner = np.repeat(np.arange(len(views)), views)
    step = np.arange(len(owner)) - before(views)[owner]
    key = mix(sessions["key"][owner] + (step.astype(np.uint64) + 1) * GOLDEN)
    product = viewed_products(shop.catalogue, sessions, owner, key)

    percents = sessions["zeal"][owner] * shop.catalogue.products["buying"][product]
    buys = below(draw(key, 5), 10**6) < BUY_PER_MILLION * percents // 10**6
    outcome = np.where(buys, 1 + pick(OUTCOME_WEIGHT, draw(key, 6)), 0)
    along = shop.catalogue.products["along"][product]
    paired = (along >= 0) & np.isin(outcome, (1, 3)) & (below(draw(key, 7), 100) < PAIR_PERCENT)
    outcome = np.where(paired, np.where(outcome == 1, 4, 5), outcome)

    counts = OUTCOME_ROWS[outcome]
    view = np.repeat(np.arange(len(counts)), counts)
    step = np.arange(len(view)) - before(counts)[view]
    owner, key, outcome = owner[view], mix(key[view] + step.astype(np.uint64)), outcome[view]
    return {
        "time": spread_over(sessions, owner, 1 + below(draw(key, 8), 60)),
        "type": OUTCOME_TYPES[outcome, step],
        "product": np.where(step >= PAIR_STARTS[outcome], along[view], product[view]),
        "user": sessions["user"][owner],
        "name": sessions["name"][owner],
        "delivery": sessions["delivery"][owner],
        "key": key,
    }


def spread_over(sessions: Columns, owner: np.ndarray, gap: np.ndarray) -> np.ndarray:
    """Return each row's second: gaps in proportion, from the start to the end of its session."""
    last = before(np.bincount(owner, minlength=len(sessions["start"])))
    sums = np.cumsum(gap)
    first_sum = sums[last[:-1]]
    done = sums - first_sum[owner]
    total = (sums[last[1:] - 1] - first_sum)[owner]
    time = sessions["start"][owner] + sessions["length"][owner] * done // np.maximum(total, 1)
    return time + np.where(2 * done > total, sessions["pause"][owner], 0)


def delivered_rows(shop: Shop, day: int) -> Columns:
    """Return the rows of the day's file before dirt, dressed with the attributes of their day."""
    parts = []
    today, tomorrow = midnight(shop.start, day), midnight(shop.start, day + 1)
    for start_day in range(max(0, day - SPILL_DAYS), day + 1):
        sessions = sessions_of(shop, start_day)
        held_back = (start_day == day - 1) & (sessions["delivery"] < 4)
        if start_day < day:
            sessions = take(sessions, (sessions["end"] >= today) | held_back)
        if not len(sessions["key"]):
            continue
        rows = rows_of(shop, sessions)
        time = rows["time"]
        is_late = (rows["delivery"] < 2) & (start_day == day)
        parts.append(dressed(shop, day, take(rows, (time >= today) & (time < tomorrow) & ~is_late)))
        if start_day == day - 1:
            from_before = (time < today) & (rows["delivery"] < 4)
            parts.append(dressed(shop, day - 1, take(rows, from_before)))
    rows = joined(parts)
    if shop.outage:
        in_outage = (rows["time"] >= shop.outage[0]) & (rows["time"] < shop.outage[1])
        rows = take(rows, ~(in_outage & (rows["type"] == PURCHASE)))
    return rows


def dressed(shop: Shop, day: int, rows: Columns) -> Columns:
    """Add what the catalogue says on the day: category, brand and price."""
    products = shop.catalogue.products
    changed = day >= products["change_day"]
    week = (day + (products["key"] % 7).astype(np.int64)) // 7
    percent = WEEKLY_PRICE[below(mix(products["key"] + week.astype(np.uint64)), 8)]
    category = np.where(changed, products["later_category"], products["category"])
    brand = np.where(changed, products["later_brand"], products["brand"])
    number = rows["product"]
    return rows | {
        "product_id": products["id"][number],
        "category": category[number],
        "brand": brand[number],
        "cents": (products["cents"] * percent // 100)[number],
    }


def with_dirt(rows: Columns) -> Columns:
    """Add copies (the same row, another session, another year) and blank some ids; sort by time."""
    dice = below(draw(rows["key"], 9), 10**6)
    rows = rows | {
        "no_name": (dice >= 1000) & (dice < 1125),
        "no_user": (dice >= 1125) & (dice < 1250),
    }
    another = take(rows, (dice >= 500) & (dice < 800))
    another["name"] = mix(another["name"])
    outside = take(rows, (dice >= 800) & (dice < 1000))
    before_window, after_window = date(2019, 9, 30), date(2030, 1, 1)
    early = below(draw(outside["key"], 10), 2) == 0
    outside["time"] = below(draw(outside["key"], 11), DAY) + np.where(
        early, midnight(before_window, 0), midnight(after_window, 0)
    )
    rows = joined([rows, take(rows, dice < 500), another, outside])
    return take(rows, np.argsort(rows["time"], kind="stable"))


# --- files -----------------------------------------------------------------------------------


def session_texts(names: np.ndarray, missing: np.ndarray) -> pa.Array:
    """Return the session ids as text like 72d76fde-8bb3-4e00-8c23-a032dfed738c."""
    digits = np.frombuffer(b"0123456789abcdef", np.uint8)
    halves = np.stack([draw(names, 1), draw(names, 2)], axis=1).astype(">u8")
    octets = halves.view(np.uint8).reshape(-1, 16)
    hexes = np.stack([digits[octets >> 4], digits[octets & 15]], axis=2).reshape(-1, 32)
    text = np.full((len(names), 36), ord("-"), np.uint8)
    for to, start, end in ((0, 0, 8), (9, 8, 12), (14, 12, 16), (19, 16, 20), (24, 20, 32)):
        text[:, to : to + end - start] = hexes[:, start:end]
    text[:, 14] = ord("4")
    offsets = np.arange(len(names) + 1, dtype="<i4") * 36
    array = pa.StringArray.from_buffers(len(names), pa.py_buffer(offsets), pa.py_buffer(text))
    return pc.if_else(pa.array(missing), None, array) if missing.any() else array


def table_of(shop: Shop, rows: Columns) -> pa.Table:
    """Return the rows as typed columns in the real order; price is in whole cents."""
    user_id = 510_000_000 + (rows["user"] * 31_415_927 + shop.root % 1000) % 50_000_000
    category_id = 2_053_013_551_000_000_000 + rows["category"] * 137_438_953_481
    time = pa.array(rows["time"] * 1_000_000).cast(pa.timestamp("us", "UTC"))
    columns = [
        time,
        pa.array(EVENT_TYPES).take(pa.array(rows["type"])),
        pa.array(rows["product_id"]),
        pa.array(category_id),
        pa.array(shop.catalogue.codes).take(pa.array(rows["category"])),
        pa.array(shop.catalogue.brands).take(pa.array(rows["brand"])),
        pa.array(rows["cents"]),
        pa.array(user_id, mask=rows["no_user"]),
        session_texts(rows["name"], rows["no_name"]),
    ]
    return pa.table(columns, names=HEADER.split(","))


def rows_to_break(table: pa.Table) -> pa.Table:
    """Return the few rows, from the middle of the day, of which unusable copies are made."""
    return table.slice(table.num_rows // 2, 1 + table.num_rows // 200_000)


def write_parquet(table: pa.Table, day: int, path: Path) -> None:
    """Write the day's table, and rows that Parquet can hold but nobody can use."""
    at = table.schema.get_field_index("price")
    price = pa.array(table["price"].to_numpy() / 100)
    table = table.set_column(at, "price", price)
    broken = rows_to_break(table)
    kind = (day + np.arange(broken.num_rows)) % len(BROKEN_PARQUET)
    for number, (name, value) in enumerate(BROKEN_PARQUET):
        column = broken.schema.get_field_index(name)
        value = pa.scalar(value, broken.schema.field(name).type)
        values = pc.if_else(pa.array(kind == number), value, broken[name])
        broken = broken.set_column(column, name, values)
    pq.write_table(
        pa.concat_tables([table, broken]),
        path,
        version="2.6",
        data_page_version="1.0",
        compression="zstd",
        compression_level=1,
        row_group_size=500_000,
        use_dictionary=HEADER.split(",")[1:-1],
        store_schema=False,
    )


def csv_lines(table: pa.Table) -> bytes:
    """Return the table as lines of the real file's style, without the header."""
    second = table["event_time"].combine_chunks().cast(pa.timestamp("s")).cast(pa.string())
    cents = np.zeros((table.num_rows, 2), "<i8")  # a decimal is 16 bytes, low half first
    cents[:, 0] = table["price"].to_numpy()
    price = pa.Array.from_buffers(pa.decimal128(12, 2), len(cents), [None, pa.py_buffer(cents)])
    at = table.schema.get_field_index("price")
    table = table.set_column(at, "price", price)
    table = table.set_column(0, "event_time", pc.binary_join_element_wise(second, "UTC", " "))
    lines = io.BytesIO()
    options = pa_csv.WriteOptions(include_header=False, quoting_style="none", batch_size=65_536)
    pa_csv.write_csv(table, lines, options)
    return lines.getvalue()


def write_csv(table: pa.Table, day: int, path: Path) -> None:
    """Write the day's table, and lines that nobody can use."""
    broken = csv_lines(rows_to_break(table)).decode().splitlines()
    with path.open("wb") as file:
        file.write(f"{HEADER}\n".encode())
        for start in range(0, table.num_rows, 500_000):
            file.write(csv_lines(table.slice(start, 500_000)))
        for number, line in enumerate(broken):
            fields = line.split(",")
            kind = (day + number) % (len(BROKEN_CSV) + 1)
            if kind < len(BROKEN_CSV):
                fields[BROKEN_CSV[kind][0]] = BROKEN_CSV[kind][1]
            else:
                fields = fields[:7]
            file.write((",".join(fields) + "\n").encode())


def write_day(shop: Shop, day: int, target: Path, file_format: str) -> Path:
    """Write one day's file under a temporary name, then give it its own."""
    path = target / f"events_{shop.start + timedelta(days=day)}.{file_format}"
    unfinished = path.with_name(path.name + ".tmp")
    table = table_of(shop, with_dirt(delivered_rows(shop, day)))
    write = write_csv if file_format == "csv" else write_parquet
    write(table, day, unfinished)
    os.replace(unfinished, path)
    return path


def generate(
    target: Path,
    *,
    events: int = 250_000,
    seed: int = 20191001,
    file_format: Literal["csv", "parquet"] = "csv",
    days: int = 31,
    start: date = date(2019, 10, 1),
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Write one file per day into target and return their paths, in order.

    events is a rate: rows per 31 days. A day's file depends on seed, rate, start and format, not
    on days, so days=32 writes the same 31 files and the next one. on_progress gets the number of
    files written and of all files.
    """
    if events < 1 or days < 1:
        raise ValueError("events and days must be at least 1")
    if file_format not in ("csv", "parquet"):
        raise ValueError(f"file_format must be csv or parquet, not {file_format}")
    target.mkdir(parents=True, exist_ok=True)
    shop = make_shop(events, seed, days, start)
    paths = []
    with ThreadPoolExecutor(2) as pool:
        for path in pool.map(lambda day: write_day(shop, day, target, file_format), range(days)):
            paths.append(path)
            if on_progress:
                on_progress(len(paths), days)
    return paths
