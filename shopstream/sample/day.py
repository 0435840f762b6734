"""The rows of one day: visitors, their sessions, what they view and buy, and some dirt."""

from collections.abc import Iterator
from datetime import date

import numpy as np

from shopstream.sample.catalogue import PAIR_PERCENT, Catalogue, Columns
from shopstream.sample.hashing import GOLDEN, before, below, draw, mix, numbered, pick
from shopstream.sample.shop import DAY, GROUP_SHARE, SESSIONS_A_DAY, Shop, midnight, return_chance

WEEKLY_PRICE = np.array([100, 100, 100, 97, 95, 103, 90, 100])  # percent of the base price
GROUP_ZEAL = np.array([85, 105, 130, 110])  # percent of the mean chance to buy
USER_ZEAL = np.array([10] * 8 + [60] * 3 + [130, 180, 250, 330, 420])  # the same, equally likely

# By hour (UTC): sessions, of 1,000; and the zeal to buy, percent of the mean.
# People browse in the afternoon and evening, but buy in the morning.
HOUR_SESSIONS, HOUR_ZEAL = (
    np.array([int(number) for number in numbers.split()])
    for numbers in (
        "7 10 21 35 46 51 53 54 55 54 53 53 54 58 64 68 67 60 46 29 18 12 8 6",
        "65 75 95 105 115 120 127 135 140 140 135 125 115 105 90 78 72 66 60 55 52 50 52 58",
    )
)
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

LONGEST_SESSION = 6 * 3600  # seconds, without the pause of a session that is resumed
SPILL_DAYS = 3  # a session's last event lies at most this many days after its first


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
