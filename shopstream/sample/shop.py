"""What all days of the made-up shop share: its users, its catalogue, what is planted in them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from shopstream.sample.catalogue import PAIR_PERCENT, PAIRS, Catalogue, make_catalogue
from shopstream.sample.hashing import before, seed_root

# Four groups of users: one-time, occasional, regular and daily visitors.
GROUP_SHARE = np.array([705, 220, 72, 3])  # per mille
GROUP_RETURN = np.array([310, 1700, 4900, 9800])  # chance to be active on day 1, of 10,000
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
DAY = 86_400  # seconds
OUTAGE_FROM_EVENTS, OUTAGE_DAY, OUTAGE_HOURS = 2_500_000, 9, (10, 16)


@dataclass(frozen=True)
class Planted:
    """Effects in the data that an analysis must find again."""

    pairs: tuple[tuple[int, int], ...]  # (product_id, product_id bought along with it)
    pair_share: float  # share of the first one's purchases that bring the second one
    retention: tuple[float, ...]  # [N]: share of users active on exactly day N after the first
    weekend_lift: float  # events of a weekend day / events of a working day
    outage: tuple[datetime, datetime] | None  # no purchase from the first until before the second


@dataclass(frozen=True)
class Shop:
    """What all days share."""

    root: int  # seed, hashed
    start: date
    first_user: np.ndarray  # [day] -> number of the day's first new user; one entry more than days
    outage: tuple[int, int] | None  # seconds since 1970
    catalogue: Catalogue


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
