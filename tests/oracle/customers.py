"""The independent check of the business marts about customers, products and trust.

Each mart is computed from the cleaned events and sessions of `oracle`, by other means than the dbt
models: DuckDB SQL over events, or plain Python. Nothing is read from a built table or a seed.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import combinations, groupby
from math import ceil, floor
from operator import itemgetter
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from tests import oracle
from tests.oracle import (
    ACCEPTED,
    ANONYMOUS,
    ARROW_TYPES,
    BY_DEFAULT,
    NO_PRODUCT,
    SESSIONIZED,
    Rules,
    typed,
)

DAY = timedelta(days=1)

CONTRACT = """
retention_cohorts (activity, period_type, cohort_start, period_number): activity string,
    period_type string, cohort_start date, period_number int, cohort_users bigint,
    active_users bigint, retention double
rfm_users (user_id): user_id bigint, as_of_date date, recency_days bigint, frequency bigint,
    monetary decimal(18,2), recency_score int, frequency_score int, monetary_score int,
    rfm_segment string
rfm_segments_summary (rfm_segment): rfm_segment string, segment_order int, buyers bigint,
    revenue decimal(18,2), revenue_share double, mean_recency_days double, mean_frequency double,
    mean_monetary decimal(18,2)
customer_concentration (top_percent): top_percent double, buyers bigint, revenue decimal(18,2),
    revenue_share double, gini double
product_affinity (item_type, basket_type, item_a, item_b): item_type string, basket_type string,
    item_a string, item_b string, label_a string, label_b string, baskets bigint,
    baskets_a bigint, baskets_b bigint, total_baskets bigint, support double,
    confidence_a_to_b double, confidence_b_to_a double, lift double, bond string
hourly_anomalies (event_date, event_hour, event_type): event_date date, event_hour int,
    event_type string, observed bigint, expected double, lower_bound double, upper_bound double,
    score double, is_anomaly boolean, direction string, reason string, alarm_id string,
    alarm_starts_at timestamp, alarm_ends_at timestamp
daily_anomalies (event_date, measure): event_date date, measure string, observed double,
    expected double, other_dates bigint, lower_bound double, upper_bound double, score double,
    is_anomaly boolean, direction string, reason string
segment_changes (week_start, from_segment, to_segment): week_start date, from_segment string,
    to_segment string, users bigint
relative_price_bands (category_code, relative_band): category_code string, relative_band string,
    band_order int, products bigint, total_events bigint, total_views bigint, total_carts bigint,
    total_purchases bigint, total_removals bigint, total_unknown bigint, total_other bigint,
    revenue decimal(18,2), conversion double
suspicious_sessions (session_key, rule): session_key bigint, rule string, user_id bigint,
    session_id string, session_date date, total_events bigint, total_spent decimal(18,2),
    value double, threshold double
metrics_without_suspicious (metric_name): metric_name string, with_all double,
    without_suspicious double
cart_outcomes (cart_date, product_id, outcome): cart_date date, product_id bigint,
    category_code string, outcome string, episodes bigint, cart_value decimal(18,2),
    days_to_purchase_sum bigint
product_history (product_id, valid_from): product_id bigint, valid_from timestamp,
    valid_to timestamp, brand string, category_code string, category_id bigint,
    price decimal(12,2), is_current boolean, total_events bigint
metric_values (metric_name): metric_name string, value double, numerator double,
    denominator double
published_comparison (figure): figure string, published_value decimal(18,2),
    held_value decimal(18,2), difference decimal(18,2), verdict string
"""
_TABLES = re.findall(r"^(\w+) \((.+)\): ((?:.|\n )+)", CONTRACT, re.MULTILINE)
CONTRACT_COLUMNS = {table: typed(columns) for table, _, columns in _TABLES}
KEYS = {table: key.split(", ") for table, key, _ in _TABLES}
Rows = list[dict] | str  # rows of a mart, or the SQL that gives them


def events_of(landing: Path, rules: Rules) -> duckdb.DuckDBPyConnection:
    """A database with `events`: cleaned, deduplicated, each with its session and dates."""
    candidates, files, _ = oracle.fates(landing, rules)
    db = duckdb.connect()
    db.register("candidates", candidates)
    db.register("files", files)
    db.execute(ACCEPTED)
    db.execute(oracle.COVERAGE)
    db.execute(SESSIONIZED, oracle.pauses(inactivity=False, timeout_us=None))
    ids = db.execute("select distinct user_id, session_id from sessionized").fetchall()
    keyed = [(*pair, oracle.spark_xxhash64(*pair)) for pair in ids]
    columns = typed("user_id bigint, session_id string, session_key bigint")
    db.register("session_keys", oracle.arrow_table(keyed, columns))
    db.execute("""
        create table events as
        select *, event_time::date as event_date, date_trunc('week', event_time)::date as event_week
        from sessionized join session_keys using (user_id, session_id)""")
    db.execute("""
        create table sessions as
        select session_key, any_value(user_id) as user_id, any_value(session_id) as session_id,
            min(event_time)::date as session_date, count(*) as total_events,
            (max(event_us) - min(event_us)) // 1000000 as duration_seconds,
            bool_or(event_type = 'purchase') as has_purchased,
            coalesce(sum(price * quantity) filter (event_type = 'purchase'), 0)::decimal(18, 2)
                as total_spent
        from events group by session_key""")
    db.execute(f"""
        create table latest as
        with numbered as (
            {oracle.NUMBERED} from events
        )
        select product_id,
            {oracle.LATEST_ATTRIBUTES}
        from numbered group by product_id""")
    return db


def rows_of(db: duckdb.DuckDBPyConnection, sql: str) -> list[dict]:
    """The rows of a query as dicts."""
    result = db.execute(sql)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def share(part, whole) -> float | None:
    """Percent, or None of nothing."""
    return 100.0 * float(part) / float(whole) if whole else None


def cents(amount, count: int):
    """A mean in money, rounded half up; amount is a Decimal."""
    whole = int(amount * 100)
    return oracle.Decimal((2 * whole + count) // (2 * count)) / 100 if count else None


# ------------------------------------------------------------------------------------ customers


def retention_cohorts(db: duckdb.DuckDBPyConnection) -> Rows:
    """Cohort by cohort, with sets of users; stray dates are left out."""
    whole = db.execute("select event_date from coverage where is_whole").fetchall()
    dates = {day for (day,) in whole}
    rows = []
    for activity, condition in (("visit", "true"), ("purchase", "event_type = 'purchase'")):
        for period_type, column, length, limit in (
            ("day", "event_date", 1, 30),
            ("week", "event_week", 7, 12),
        ):
            active = defaultdict(set)
            for user, start in db.execute(
                f"""select user_id, {column} from events join coverage using (event_date)
                where {condition} and user_id <> {ANONYMOUS} and is_delivered"""
            ).fetchall():
                active[start].add(user)
            seen: set = set()
            for cohort_start in sorted(active):
                cohort = active[cohort_start] - seen
                seen |= cohort
                for number in range(limit + 1) if cohort else ():
                    start = cohort_start + number * length * DAY
                    is_known = all(start + n * DAY in dates for n in range(length))
                    count = len(cohort & active[start]) if is_known else None
                    rows.append(
                        dict(
                            activity=activity,
                            period_type=period_type,
                            cohort_start=cohort_start,
                            period_number=number,
                            cohort_users=len(cohort),
                            active_users=count,
                            retention=None if count is None else share(count, len(cohort)),
                        )
                    )
    return rows


RFM_SEGMENTS = ["Champions", "Loyal Customers", "Big Spenders", "Promising", "Needing Attention"]
RFM_SEGMENTS += ["Slipping Big Spenders", "About to Sleep", "Not to Be Lost"]
RFM_SEGMENTS += ["Lost Big Spenders", "Lost"]


FEWEST_BUYERS = 25  # with fewer there are no segments


def rfm_segment(recency: int, frequency: int, monetary: int) -> str:
    """The name of a combination of scores."""
    often, much = frequency >= 4, monetary >= 4
    if recency >= 4:
        if often:
            return "Champions" if much else "Loyal Customers"
        return "Big Spenders" if much else "Promising"
    if often:
        return "Needing Attention" if recency > 1 else "Not to Be Lost"
    if recency > 1:
        return "Slipping Big Spenders" if much else "About to Sleep"
    return "Lost Big Spenders" if much else "Lost"


def rfm_users(db: duckdb.DuckDBPyConnection) -> list[dict]:
    """Scores by counting who is strictly worse, and who is equal, in a sorted list."""
    buyers = rows_of(
        db,
        f"""select user_id, any_value(last_date) as as_of_date,
            any_value(last_date) - max(event_date) as recency_days,
            count(distinct session_key) as frequency,
            sum(price * quantity)::decimal(18, 2) as monetary
        from events join coverage using (event_date)
        where event_type = 'purchase' and user_id <> {ANONYMOUS} and event_date <= last_date
        group by user_id""",
    )
    of = {
        name: sorted(b[name] for b in buyers) for name in ("recency_days", "frequency", "monetary")
    }
    for buyer in buyers:
        scores = {}
        for name, values in of.items():
            left, right = bisect_left(values, buyer[name]), bisect_right(values, buyer[name])
            worse = len(buyers) - right if name == "recency_days" else left
            share_below = Fraction(worse, len(buyers)) + Fraction(right - left, len(buyers)) / 2
            scores[name.removesuffix("_days")] = min(5, 1 + floor(5 * share_below))
        buyer |= {f"{name}_score": score for name, score in scores.items()}
        buyer["rfm_segment"] = rfm_segment(**scores) if len(buyers) >= FEWEST_BUYERS else None
    return buyers


def rfm_segments_summary(db: duckdb.DuckDBPyConnection) -> Rows:
    """The ten segments, with or without buyers."""
    users = rfm_users(db)
    total = sum(user["monetary"] for user in users if user["rfm_segment"])
    rows = []
    for order, segment in enumerate(RFM_SEGMENTS, start=1):
        held = [user for user in users if user["rfm_segment"] == segment]
        revenue = sum((user["monetary"] for user in held), start=oracle.Decimal("0.00"))
        recency, frequency = (
            sum(user[name] for user in held) / len(held) if held else None
            for name in ("recency_days", "frequency")
        )
        rows.append(
            dict(
                rfm_segment=segment,
                segment_order=order,
                buyers=len(held),
                revenue=revenue,
                revenue_share=share(revenue, total),
                mean_recency_days=recency,
                mean_frequency=frequency,
                mean_monetary=cents(revenue, len(held)),
            )
        )
    return rows


def customer_concentration(db: duckdb.DuckDBPyConnection) -> Rows:
    """Gini by its definition: the mean difference of all pairs of buyers over twice the mean."""
    spent = [
        row["spent"]
        for row in rows_of(
            db,
            f"""select sum(price * quantity)::decimal(18, 2) as spent from events
            where event_type = 'purchase' and user_id <> {ANONYMOUS}
            group by user_id order by spent desc""",
        )
    ]
    total = sum(spent, start=oracle.Decimal("0.00"))
    amounts = np.array(spent, float)
    gini = None
    if total:
        differences = sum(float(np.abs(amounts - amount).sum()) for amount in amounts)
        gini = differences / (2 * len(spent) * float(total))
    rows = []
    for percent in range(101):
        buyers = ceil(percent * len(spent) / 100)
        revenue = sum(spent[:buyers], start=oracle.Decimal("0.00"))
        rows.append(
            dict(
                top_percent=float(percent),
                buyers=buyers,
                revenue=revenue,
                revenue_share=share(revenue, total),
                gini=gini,
            )
        )
    return rows


def segment_of(sessions: int) -> str:
    """Segment of a person by sessions so far."""
    limits = ((0, "New"), (1, "One-time User"), (4, "Occasional User"), (9, "Active User"))
    return next((name for most, name in limits if sessions <= most), "Power User")


def segment_changes(db: duckdb.DuckDBPyConnection) -> Rows:
    """Week by week, with a counter of sessions by user."""
    started = defaultdict(list)
    for user, week in db.execute(
        f"""select user_id, date_trunc('week', session_date)::date from sessions
        where user_id <> {ANONYMOUS}"""
    ).fetchall():
        started[week].append(user)
    so_far: Counter = Counter()
    rows = []
    for week in sorted(started):
        before = {user: segment_of(so_far[user]) for user in set(started[week])}
        so_far.update(started[week])
        moves = Counter((before[user], segment_of(so_far[user])) for user in before)
        rows += [
            dict(week_start=week, from_segment=one, to_segment=other, users=users)
            for (one, other), users in moves.items()
            if one != other
        ]
    return rows


# ------------------------------------------------------------------------------------- products


def sign(number: Fraction) -> int:
    """-1, 0 or 1."""
    return (number > 0) - (number < 0)


def product_affinity(db: duckdb.DuckDBPyConnection) -> Rows:
    """Baskets as Python sets; every pair is counted."""
    latest = {r["product_id"]: r for r in rows_of(db, "select * from latest")}
    baskets: dict = defaultdict(set)
    for kind, session, product in db.execute(
        f"""select distinct case event_type when 'view' then 'viewed' else 'bought' end,
            session_key, product_id
        from events where event_type in ('view', 'purchase') and product_id <> {NO_PRODUCT}"""
    ).fetchall():
        baskets["product", kind, session].add(str(product))
        category = latest[product]["category_code"]
        if category != "uncategorized":
            baskets["category", kind, session].add(category)
    totals, of_item, of_pair = Counter(), Counter(), Counter()
    for (item_type, kind, _), items in baskets.items():
        if len(items) > 20:
            continue
        totals[item_type, kind] += 1
        of_item.update((item_type, kind, item) for item in items)
        pairs = combinations(sorted(items, key=str.encode), 2)
        of_pair.update((item_type, kind, *pair) for pair in pairs)

    def label(item_type: str, item: str) -> str:
        if item_type == "category":
            return item
        return f"{latest[int(item)]['brand']} {latest[int(item)]['category_code']}"

    rows = []
    for (item_type, kind, a, b), both in of_pair.items():
        if both < 5:
            continue
        of_a, of_b = of_item[item_type, kind, a], of_item[item_type, kind, b]
        total = totals[item_type, kind]
        rows.append(
            dict(
                item_type=item_type,
                basket_type=kind,
                item_a=a,
                item_b=b,
                label_a=label(item_type, a),
                label_b=label(item_type, b),
                baskets=both,
                baskets_a=of_a,
                baskets_b=of_b,
                total_baskets=total,
                support=share(both, total),
                confidence_a_to_b=share(both, of_a),
                confidence_b_to_a=share(both, of_b),
                lift=(both / total) / (of_a / total * (of_b / total)),
                bond=("apart", None, "together")[1 + sign(Fraction(both * total, of_a * of_b) - 1)],
            )
        )
    return rows


def product_history(db: duckdb.DuckDBPyConnection) -> Rows:
    """Event by event in the contract's order of "latest"; a value not delivered changes nothing."""
    rows: list[dict] = []
    names = ("brand", "category_code", "category_id", "price")
    events = rows_of(
        db,
        f"""select product_id, event_time, nullif(brand, 'unknown_brand') as brand,
            nullif(category_code, 'uncategorized') as category_code,
            nullif(category_id, -1) as category_id,
            case when has_price then price end as price
        from events where product_id <> {NO_PRODUCT}
        order by product_id, event_time, user_session, events.category_id, events.category_code,
            events.brand, event_type, user_id, events.price""",
    )
    for product, of_product in groupby(events, key=itemgetter("product_id")):
        state: dict = dict.fromkeys(names)
        held = None
        for at, of_instant in groupby(of_product, key=itemgetter("event_time")):
            moment, before = list(of_instant), dict(state)
            for event in moment:
                state |= {name: event[name] for name in names if event[name] is not None}
            if held is None or state != before:
                if held:
                    held |= {"valid_to": at, "is_current": False}
                held = {"product_id": product, "valid_from": at} | state
                held |= {"valid_to": None, "is_current": True, "total_events": 0}
                rows.append(held)
            held["total_events"] += len(moment)
    return rows


def relative_price_bands(db: duckdb.DuckDBPyConnection) -> Rows:
    """The exact mean of a product's prices above 0 against those of its category."""
    products = rows_of(
        db,
        f"""select product_id, any_value(l.category_code) as category_code,
            (sum(price) * 100)::hugeint as cents, count(*) filter (price > 0) as priced,
            {oracle.COUNTS} as revenue
        from events join latest l using (product_id)
        where product_id <> {NO_PRODUCT} group by product_id""",
    )
    names = ["lowest quarter", "second", "third", "highest quarter", "too few products"]
    names += ["no category", "no price"]
    prices = defaultdict(list)
    for product in products:
        product["mean"] = product["priced"] and Fraction(product["cents"], product["priced"])
        if product["mean"]:
            prices[product["category_code"]].append(product["mean"])
    sums: dict = defaultdict(Counter)
    for product in products:
        in_category = prices[product["category_code"]]
        cheaper = sum(price < product["mean"] for price in in_category)
        if product["category_code"] == "uncategorized":
            quarter = 5
        elif not product["mean"]:
            quarter = 6
        else:
            quarter = 4 * cheaper // len(in_category) if len(in_category) >= 4 else 4
        held = sums[product["category_code"], quarter]
        held["products"] += 1
        for name, value in product.items():
            if name.startswith("total_") or name == "revenue":
                held[name] += value
    return [
        dict(
            category_code=category,
            relative_band=names[quarter],
            band_order=quarter + 1,
            conversion=share(held["total_purchases"], held["total_views"]),
            **held,
        )
        for (category, quarter), held in sums.items()
    ]


CART_HORIZON = timedelta(days=7)


def cart_outcome(carts: list[tuple], ends: list[tuple], data_end: datetime) -> str:
    """How an episode of these cart events went, given the events of the instant that ended it."""
    last_at = max(at for at, *_ in carts)
    bought_in = {session for _, kind, session, _ in ends if kind == "purchase"}
    if bought_in & {session for at, _, session, _ in carts if at == last_at}:
        return "purchased_same_session"
    if bought_in:
        return "purchased_later"
    if ends:
        return "removed"
    return "abandoned" if data_end - last_at >= CART_HORIZON else "undecided"


def cart_episodes(events: list[tuple], data_end: datetime) -> list[dict]:
    """Of one holder and product: instant by instant, carts before what ends them."""
    episodes, carts = [], []

    def close(ends: list[tuple]) -> None:
        last_at = max(at for at, *_ in carts)
        outcome = cart_outcome(carts, ends, data_end)
        episodes.append(
            dict(
                cart_date=min(at for at, *_ in carts).date(),
                outcome=outcome,
                value=max(price for at, _, _, price in carts if at == last_at),
                bought_on=ends[0][0].date() if outcome.startswith("purchased") else None,
            )
        )
        carts.clear()

    for _, of_instant in groupby(sorted(events), key=itemgetter(0)):
        moment = list(of_instant)
        carts += [event for event in moment if event[1] == "cart"]
        ends = [event for event in moment if event[1] != "cart"]
        if carts and ends:
            close(ends)
    if carts:
        close([])
    return episodes


def cart_outcomes(db: duckdb.DuckDBPyConnection) -> list[dict]:
    """Episode by episode; user -999999 is as many holders as it has sessions."""
    category = {r["product_id"]: r["category_code"] for r in rows_of(db, "select * from latest")}
    (data_end,) = db.execute("select max(ends) from coverage where is_delivered").fetchone()
    held = defaultdict(list)
    for user, session, product, *event in db.execute(
        """select user_id, session_key, product_id, event_time, event_type, session_key, price
        from events where event_type in ('cart', 'purchase', 'remove_from_cart')"""
    ).fetchall():
        held[user, session if user == ANONYMOUS else None, product].append(tuple(event))
    rows: dict = {}
    for (_, _, product), events in held.items():
        for episode in cart_episodes(events, data_end):
            day, outcome = episode["cart_date"], episode["outcome"]
            row = rows.setdefault(
                (day, product, outcome),
                dict(
                    cart_date=day,
                    product_id=product,
                    category_code=category[product],
                    outcome=outcome,
                    episodes=0,
                    cart_value=oracle.Decimal("0.00"),
                    days_to_purchase_sum=0,
                ),
            )
            row["episodes"] += 1
            row["cart_value"] += episode["value"]
            row["days_to_purchase_sum"] += ((episode["bought_on"] or day) - day).days
    return list(rows.values())


# ---------------------------------------------------------------------------------------- trust

ALONE, IN_A_RUN, LEAST_OTHER_WEEKS = 5, 3, 3


def score_hours(counts: np.ndarray, judged: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Expected counts, bounds, scores and alarms (1 high, -1 low, 0 none) of one event type.

    `counts` has a row of 24 for each day; `judged` says of each hour whether it lies wholly within
    the data. Not a number for others, and where too few other weeks have the hour of the week.
    """
    judged = np.full(counts.shape, True) if judged is None else judged
    expected = np.full(counts.shape, np.nan)
    for day, hour in np.argwhere(judged):
        weeks = range(day % 7, len(counts), 7)
        others = [other for other in weeks if other != day and judged[other, hour]]
        if len(others) >= LEAST_OTHER_WEEKS:
            expected[day, hour] = np.median(counts[others, hour])
    root = np.sqrt(expected + 3 / 8)
    distance = 2 * (np.sqrt(counts + 3 / 8) - root)
    known = np.abs(distance[~np.isnan(distance)])
    scale = max(1.0, 1.4826 * float(np.median(known))) if len(known) else 1.0
    margin = IN_A_RUN * scale / 2
    score = (distance / scale).ravel()
    side = np.where(np.abs(score) > IN_A_RUN, np.sign(score), 0)
    padded = np.concatenate([[0], side, [0]])
    has_neighbour = (padded[:-2] == side) | (padded[2:] == side)
    alarm = np.where((np.abs(score) > ALONE) | has_neighbour, side, 0)
    return {
        "expected": expected,
        "lower_bound": np.maximum(0, np.maximum(0, root - margin) ** 2 - 3 / 8),
        "upper_bound": (root + margin) ** 2 - 3 / 8,
        "score": distance / scale,
        "alarm": alarm.reshape(counts.shape),
    }


def hourly_anomalies(db: duckdb.DuckDBPyConnection) -> Rows:
    """Every hour from the first to the last delivered date, and of stray ones those with events."""
    first, last = db.execute(
        "select min(event_date), max(event_date) from coverage where is_delivered"
    ).fetchone()
    stray = dict(db.execute("select event_date, is_stray from coverage").fetchall())
    whole_hours = {at for (at,) in db.execute("from judged_hours").fetchall()}
    hours = [(first + n * DAY, hour) for n in range((last - first).days + 1) for hour in range(24)]
    judged = np.array([datetime(*day.timetuple()[:3], hour) in whole_hours for day, hour in hours])
    outside = db.execute(
        """select hour_start::date, hour(hour_start) from all_hours
        where hour_start::date not between ? and ?""",
        [first, last],
    ).fetchall()
    rows = []
    for event_type in ("view", "cart", "purchase"):
        held = {
            (day, hour): count
            for day, hour, count in db.execute(
                """select event_date, hour(event_time), count(*) from events where event_type = ?
                group by all""",
                [event_type],
            ).fetchall()
        }
        counts = np.array([held.get(key, 0) for key in hours]).reshape(-1, 24)
        scored = score_hours(counts, judged.reshape(-1, 24))
        for place, (day, hour) in enumerate([*hours, *outside]):
            is_inside = place < len(hours)
            found = {
                name: float(values.ravel()[place]) if is_inside else float("nan")
                for name, values in scored.items()
            }
            found = {name: None if value != value else value for name, value in found.items()}
            alarm = found.pop("alarm") or 0
            reason = None if found["expected"] is not None else "too little data"
            if day not in stray:
                reason = "no events on this date"
            elif stray[day]:
                reason = "stray date"
            elif not judged[place]:
                reason = "hour not wholly in the data"
            rows.append(
                dict(
                    event_date=day,
                    event_hour=hour,
                    event_type=event_type,
                    observed=held.get((day, hour), 0),
                    **found,
                    is_anomaly=alarm != 0,
                    direction={-1: "low", 0: None, 1: "high"}[alarm],
                    reason=reason,
                    alarm_id=None,
                    alarm_starts_at=None,
                    alarm_ends_at=None,
                )
            )
    alarms: dict[tuple, list[dict]] = {}
    for row in (row for row in rows if row["is_anomaly"]):
        at = datetime(*row["event_date"].timetuple()[:3], row["event_hour"], tzinfo=UTC)
        kind = row["event_type"], row["direction"]
        alarm = alarms.pop((*kind, at), [])  # one that ends where this hour begins
        alarms[*kind, at + timedelta(hours=1)] = [*alarm, row | {"at": at}]
        first = alarm[0]["at"] if alarm else at
        row |= {"alarm_id": f"{' '.join(kind)} {first:%Y%m%d%H}", "alarm_starts_at": first}
    ends = {(alarm[0]["event_type"], alarm[0]["at"]): end for (*_, end), alarm in alarms.items()}
    for row in rows:
        row["alarm_ends_at"] = ends.get((row["event_type"], row["alarm_starts_at"]))
    return rows


def daily_anomalies(db: duckdb.DuckDBPyConnection) -> Rows:
    """Date by date, against the others of its weekday."""
    held = rows_of(
        db,
        """with sold as (
            select event_date, sum(price * quantity)::double as revenue
            from events where event_type = 'purchase' group by all
        ), started as (
            select session_date as event_date, count(*) as sessions,
                count(*) filter (has_purchased) as orders
            from sessions group by all
        )
        select event_date, is_whole, is_stray, coalesce(revenue, 0) as revenue,
            coalesce(orders, 0)::double as orders, 100 * orders / sessions as conversion
        from coverage left join sold using (event_date) left join started using (event_date)
        order by event_date""",
    )
    rows = []
    for measure in ("revenue", "orders", "conversion"):
        judged = []
        for day in held:
            others = [
                other[measure]
                for other in held
                if other["event_date"].weekday() == day["event_date"].weekday()
                and other is not day
                and other["is_whole"]
                and other[measure] is not None
            ]
            row = dict.fromkeys(CONTRACT_COLUMNS["daily_anomalies"])
            row |= {"event_date": day["event_date"], "measure": measure, "is_anomaly": False}
            row |= {"observed": day[measure], "other_dates": len(others) if day["is_whole"] else 0}
            if day["is_whole"] and len(others) >= 4:
                row["expected"] = float(np.median(others))
            if day["is_stray"]:
                row["reason"] = "stray date"
            elif not day["is_whole"]:
                row["reason"] = "no whole date"
            elif day[measure] is None:
                row["reason"] = "nothing to divide by"
            elif len(others) < 4:
                row["reason"] = "fewer than 4 other dates of this weekday"
            elif not row["expected"]:
                row["reason"] = "nothing expected"
            else:
                judged.append(row)
            rows.append(row)
        distances = [row["observed"] / row["expected"] - 1 for row in judged]
        spread = 1.4826 * float(np.median(np.abs(distances))) if judged else 0.0
        margin = 4 * max(0.05, spread)
        for row, distance in zip(judged, distances, strict=True):
            row["score"] = 4 * distance / margin
            row["lower_bound"] = row["expected"] * max(0, 1 - margin)
            row["upper_bound"] = row["expected"] * (1 + margin)
            row["is_anomaly"] = abs(distance) > margin
            if row["is_anomaly"]:
                row["direction"] = "low" if distance < 0 else "high"
    return rows


# Ids are asked of as they were delivered with the events, whatever the sessions are called.
SUSPICIOUS_SESSIONS = f"""
    with holders as (
        select user_session, count(distinct user_id) filter (user_id <> {ANONYMOUS}) as persons
        from events where has_session group by user_session
    ), shared as (
        select distinct session_key, persons from events join holders using (user_session)
        where has_session
    ), judged as (
        select *, 'machine_rate' as rule, 30::double as threshold,
            total_events * 60::double / greatest(duration_seconds, 1) as value
        from sessions where total_events >= 30
        union all by name
        select *, 'lasts_over_28_days' as rule, 28 as threshold,
            duration_seconds / 86400::double as value
        from sessions where total_events >= 2
        union all by name
        select sessions.*, 'shared_id' as rule, 2 as threshold, persons as value
        from sessions join shared using (session_key)
        union all by name
        select *, 'many_events' as rule, 500 as threshold, total_events as value from sessions
    )
    select * from judged where value >= threshold"""

METRICS_WITHOUT_SUSPICIOUS = f"""
    with marked as (
        select *, session_key in (select session_key from ({SUSPICIOUS_SESSIONS})) as is_flagged
        from sessions
    ), sums as (
        select is_all, count(session_key)::double as sessions,
            (count(*) filter (has_purchased))::double as orders,
            coalesce(sum(total_spent), 0)::double as revenue,
            coalesce(sum(total_events), 0)::double as events,
            100 * orders / nullif(sessions, 0) as order_conversion,
            avg(duration_seconds) as mean_duration_seconds
        from (select unnest([true, false]) as is_all) left join marked on is_all or not is_flagged
        group by is_all
    ), long as (
        from sums unpivot include nulls (v for metric_name in (columns(* exclude is_all)))
    )
    select metric_name, any_value(v) filter (is_all) as with_all,
        any_value(v) filter (not is_all) as without_suspicious
    from long group by metric_name"""

# --------------------------------------------------------------------------------------- metrics

ONE_ROW = f"""
    select count(*) as events,
        count(*) filter (event_type = 'view') as views,
        count(*) filter (event_type = 'cart') as carts,
        count(*) filter (event_type = 'purchase') as purchases,
        coalesce(sum(quantity) filter (event_type = 'purchase'), 0) as units,
        count(*) filter (event_type = 'unknown') as unknown_events,
        count(*) filter (event_type = 'purchase' and price = 0) as free_purchases,
        coalesce(sum(price * quantity) filter (event_type = 'purchase'), 0) as revenue,
        count(distinct user_id) filter (user_id <> {ANONYMOUS}) as users,
        count(distinct user_id) filter (user_id <> {ANONYMOUS} and event_type = 'view') as viewers,
        count(distinct user_id) filter (user_id <> {ANONYMOUS} and event_type = 'purchase')
            as buyers,
        count(distinct session_key) as sessions,
        count(distinct session_key) filter (user_id = {ANONYMOUS}) as anonymous_sessions,
        count(distinct session_key) filter (event_type = 'view') as sessions_viewed,
        count(distinct session_key) filter (event_type = 'purchase') as orders,
        count(*) filter (user_id <> {ANONYMOUS}) as user_events,
        coalesce(
            sum(price * quantity) filter (event_type = 'purchase' and user_id <> {ANONYMOUS}), 0
        ) as buyer_revenue,
        (select sum(duration_seconds) from sessions) as seconds,
        (select median(duration_seconds) from sessions) as median_seconds
    from events"""

ORDERED = """
    with carted as (
        select v.session_key, v.product_id, min(c.event_us) as cart_us
        from (
            select session_key, product_id, min(event_us) as view_us
            from events where event_type = 'view' and product_id <> -1 group by all
        ) v
        join events c using (session_key, product_id)
        where c.event_type = 'cart' and c.event_us >= v.view_us
        group by all
    )
    select (select count(distinct session_key) from carted),
        (
            select count(distinct session_key)
            from carted join events p using (session_key, product_id)
            where p.event_type = 'purchase' and p.event_us >= cart_us
        )"""


def steps_taken(db: duckdb.DuckDBPyConnection, holder: str) -> tuple[int, int]:
    """How many of these viewed and carted, and how many of those bought."""
    kinds: dict = {"view": set(), "cart": set(), "purchase": set()}
    for one, kind in db.execute(f"select distinct {holder}, event_type from events").fetchall():
        kinds.setdefault(kind, set()).add(one)
    carted = (kinds["view"] & kinds["cart"]) - {ANONYMOUS}
    return len(carted), len(carted & kinds["purchase"])


def events_paired(db: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Carts that find a view of their product, session and date, and purchases that find such a
    cart; each view and cart is found once."""
    views, carts, carted, purchased = Counter(), Counter(), 0, 0
    events = db.execute(
        """select event_type, (event_date, session_key, product_id) from events
        where event_type in ('view', 'cart', 'purchase')"""
    ).fetchall()
    for kind in ("view", "cart", "purchase"):
        for key in (tuple(key) for of, key in events if of == kind):
            if kind == "view":
                views[key] += 1
            elif kind == "cart" and views[key] > 0:
                views[key] -= 1
                carts[key] += 1
                carted += 1
            elif kind == "purchase" and carts[key] > 0:
                carts[key] -= 1
                purchased += 1
    return carted, purchased


def metric_values(db: duckdb.DuckDBPyConnection) -> Rows:
    """Every metric from counts over events, and from the marts of this module."""
    n = rows_of(db, ONE_ROW)[0]
    ordered_carted, ordered_purchased = db.execute(ORDERED).fetchone()
    rows: dict[str, tuple] = {}
    for name in (
        *("events", "views", "carts", "purchases", "unknown_events", "free_purchases", "revenue"),
        *("users", "buyers", "sessions", "anonymous_sessions", "orders"),
    ):
        rows[name] = (n[name], n[name], None)
    sold = "select count(distinct product_id) from events where product_id <> -1"
    products = db.execute(sold).fetchone()[0]
    rows["products"] = (products, products, None)
    own = n["sessions"] - n["anonymous_sessions"]
    for name, part, whole in (
        ("avg_order_value", n["revenue"], n["orders"]),
        ("avg_purchase_price", n["revenue"], n["units"]),
        ("revenue_per_buyer", n["buyer_revenue"], n["buyers"]),
    ):
        rows[name] = (cents(part, whole), part, whole)
    for name, part, whole in (
        ("events_per_user", n["user_events"], n["users"]),
        ("sessions_per_user", own, n["users"]),
        ("mean_duration_seconds", n["seconds"], n["sessions"]),
    ):
        rows[name] = (part / whole if whole else None, part, whole)
    rows["median_duration_seconds"] = (n["median_seconds"], None, None)
    steps = {
        "events": (n["views"], *events_paired(db), n["purchases"], n["views"]),
        "sessions_any_order": (
            *(n["sessions_viewed"], *steps_taken(db, "session_key"), n["orders"], n["sessions"]),
        ),
        "sessions_ordered": (
            *(n["sessions_viewed"], ordered_carted, ordered_purchased, ordered_purchased),
            n["sessions_viewed"],
        ),
        "users": (n["viewers"], *steps_taken(db, "user_id"), n["buyers"], n["users"]),
    }
    parts = {"anonymous_session_share": (n["anonymous_sessions"], n["sessions"])}
    for definition, (viewed, carted, purchased, converted, base) in steps.items():
        parts[f"view_to_cart_{definition}"] = (carted, viewed)
        parts[f"cart_to_purchase_{definition}"] = (purchased, carted)
        parts[f"conversion_{definition}"] = (converted, base)
    parts["conversion_sessions_ordered_of_all"] = (ordered_purchased, n["sessions"])
    known = [
        row
        for row in retention_cohorts(db)
        if row["period_number"] == 1 and row["active_users"] is not None
    ]
    for kind in ("day", "week"):
        for activity in ("visit", "purchase"):
            held = [r for r in known if (r["period_type"], r["activity"]) == (kind, activity)]
            active, users = (
                sum(r[name] for r in held) for name in ("active_users", "cohort_users")
            )
            parts[f"retention_{kind}_1_{activity}"] = (active, users) if held else (None, None)
    curve = customer_concentration(db)
    for percent in (1, 5, 10, 20):
        top = curve[percent]["revenue"], curve[100]["revenue"]
        parts[f"revenue_share_of_top_{percent}_percent"] = top
    outcomes = cart_outcomes(db)
    left = [row for row in outcomes if row["outcome"] == "abandoned"]
    parts["cart_abandonment"] = (
        sum(row["episodes"] for row in left),
        sum(row["episodes"] for row in outcomes if row["outcome"] != "undecided"),
    )
    flagged = len({row["session_key"] for row in rows_of(db, SUSPICIOUS_SESSIONS)})
    parts["suspicious_session_share"] = (flagged, n["sessions"])
    rows |= {name: (share(*pair), *pair) for name, pair in parts.items()}
    value = sum(row["cart_value"] for row in left)
    rows["abandoned_value"] = (value, value, None)
    rows["gini"] = (curve[100]["gini"], None, None)
    alarms = sum(row["is_anomaly"] for row in hourly_anomalies(db))
    rows["anomalous_hours"] = (alarms, alarms, None)
    return [
        {"metric_name": name}
        | dict(
            zip(
                ("value", "numerator", "denominator"),
                (None if part is None else float(part) for part in found),
                strict=True,
            )
        )
        for name, found in rows.items()
    ]


PUBLISHED = """
rows landed 42448764; events 42413557; views 40772341; carts 898443; purchases 742773;
users 3022290; sessions 9240434; session ids 9240085; products 166794; hours 744;
revenue 229933212.63; paying users 347118; mean purchase price 309.56;
share of unknown brand 14.41; share of uncategorized 31.85; revenue of apple 111199495.70;
revenue of samsung 46402037.35; revenue of xiaomi 9192640.24; revenue in hour 9 17551669.73;
revenue in hour 8 17058580.92; top spender 519267944; spent by the top spender 265569.52;
purchases of the top spender 183; events with a price of 0 68669;
events with a price of above 0 to 100 14621787; events with a price of above 100 to 1000 25277093;
events with a price of above 1000 2446008; buyers of Power User 79613;
buyers of Active User 91712; buyers of Occasional User 117058; buyers of One-time User 58735;
revenue share of Power User 43.38; revenue share of Active User 24.03;
revenue share of Occasional User 23.41; revenue share of One-time User 9.19
"""


def held_figures(db: duckdb.DuckDBPyConnection) -> dict:
    """What the data gives for each published figure; shares are not rounded."""
    n = rows_of(db, ONE_ROW)[0]
    held = {name: n[name] for name in ("events", "views", "carts", "purchases", "users")}
    held |= {"sessions": n["sessions"], "revenue": n["revenue"], "paying users": n["buyers"]}
    held["mean purchase price"] = cents(n["revenue"], n["units"])
    more = rows_of(
        db,
        """select (select sum(rows_read) from files) as "rows landed",
            count(distinct session_id) as "session ids",
            count(distinct product_id) filter (product_id <> -1) as products,
            (select count(*) from all_hours) as hours,
            100 * avg((brand = 'unknown_brand')::int) as "share of unknown brand",
            100 * avg((category_code = 'uncategorized')::int) as "share of uncategorized",
            count(*) filter (price = 0) as "events with a price of 0",
            count(*) filter (price > 0 and price <= 100) as "events with a price of above 0 to 100",
            count(*) filter (price > 100 and price <= 1000)
                as "events with a price of above 100 to 1000",
            count(*) filter (price > 1000) as "events with a price of above 1000"
        from events""",
    )
    held |= more[0]
    for name, grouping in (("of", "brand"), ("in hour", "hour(event_time)")):
        found = db.execute(
            f"""select {grouping},
            coalesce(sum(price * quantity) filter (event_type = 'purchase'), 0)
            from events group by 1"""
        ).fetchall()
        held |= {f"revenue {name} {value}": amount for value, amount in found}
    users = rows_of(
        db,
        f"""select user_id, count(distinct session_key) as sessions,
            count(*) filter (event_type = 'purchase') as purchases,
            coalesce(sum(price * quantity) filter (event_type = 'purchase'), 0) as spent
        from events where user_id <> {ANONYMOUS} group by user_id order by spent desc, user_id""",
    )
    if users:
        held["top spender"] = users[0]["user_id"]
        held["spent by the top spender"] = users[0]["spent"]
        held["purchases of the top spender"] = users[0]["purchases"]
    buyers, revenue = Counter(), Counter()
    for user in users:
        buyers[segment_of(user["sessions"])] += user["purchases"] > 0
        revenue[segment_of(user["sessions"])] += user["spent"]
    for segment in ("Power User", "Active User", "Occasional User", "One-time User"):
        held[f"buyers of {segment}"] = buyers[segment]
        held[f"revenue share of {segment}"] = share(revenue[segment], n["revenue"])
    return held


def published_comparison(db: duckdb.DuckDBPyConnection) -> Rows:
    """The loads of the tests are never the real October."""
    extent = db.execute("select min(event_date), max(event_date) from events").fetchone()
    is_october = extent == (date(2019, 10, 1), date(2019, 10, 31))
    held = held_figures(db)
    rows = []
    for text in " ".join(PUBLISHED.split()).split("; "):
        figure, published = text.rsplit(" ", 1)
        published = oracle.Decimal(published)
        value = held.get(figure)
        if value is not None:
            value = oracle.Decimal(repr(value) if isinstance(value, float) else value)
            value = value.quantize(oracle.CENT, oracle.ROUND_HALF_UP)
            value = value if value < 10**16 else None
        rows.append(
            dict(
                figure=figure,
                published_value=published,
                held_value=value,
                difference=None if value is None else value - published,
                verdict="differs" if is_october else "not October 2019",
            )
        )
    return rows


MARTS: dict[str, str | Callable[[duckdb.DuckDBPyConnection], Rows]] = {
    "retention_cohorts": retention_cohorts,
    "rfm_users": rfm_users,
    "rfm_segments_summary": rfm_segments_summary,
    "customer_concentration": customer_concentration,
    "product_affinity": product_affinity,
    "hourly_anomalies": hourly_anomalies,
    "daily_anomalies": daily_anomalies,
    "segment_changes": segment_changes,
    "relative_price_bands": relative_price_bands,
    "suspicious_sessions": SUSPICIOUS_SESSIONS,
    "metrics_without_suspicious": METRICS_WITHOUT_SUSPICIOUS,
    "cart_outcomes": cart_outcomes,
    "product_history": product_history,
    "metric_values": metric_values,
    "published_comparison": published_comparison,
}


def customer_marts(landing: Path, rules: Rules = BY_DEFAULT) -> dict[str, pa.Table]:
    """The marts that the files of a landing folder must give."""
    marts = {}
    with events_of(landing, rules) as db:
        for name, columns in CONTRACT_COLUMNS.items():
            mart = MARTS[name]
            rows = rows_of(db, mart) if isinstance(mart, str) else mart(db)
            marts[name] = pa.table(
                {c: pa.array([r[c] for r in rows], ARROW_TYPES[k]) for c, k in columns.items()}
            )
    return marts
