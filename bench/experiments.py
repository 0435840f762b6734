"""The experiments of the lab: the optimizations that the notebook claimed, and their neighbours."""

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

from jinja2 import Environment
from pyspark.sql import SparkSession

from bench import plain
from bench.lab import Experiment, Lab, Variant

BUCKETS = 16
HOT_PERCENT = 30
ANONYMOUS = -999999
NO_BROADCAST = {"spark.sql.autoBroadcastJoinThreshold": "-1"}
BOTH = (True, False)


@cache
def salting():
    """The salting macros, as models would use them if salting helped."""
    text = Path(__file__).with_name("salting.sql").read_text()
    return Environment(autoescape=False).from_string(text).module


# --- the tables the experiments work on ------------------------------------------------------


def prepare(lab: Lab) -> None:
    """Make the tables once; all have 16 files, that by date one a date, so that layouts compare."""
    events = plain.TABLES["events"].replace("{source}", str(lab.source))
    day_files = "repartition(16, event_date)"
    tables = {
        "events": f"select /*+ repartition(16) */ * from ({events})",
        # A copy in which one user and one session have so many percent of all events.
        "events_hot": f"""
            with marked as (
                select
                    *,
                    pmod(xxhash64(event_time, product_id, session_id), 100) < {HOT_PERCENT}
                        as is_hot
                from events
            )

            select /*+ repartition(16) */
                * except (is_hot, user_id, session_id),
                if(is_hot, {ANONYMOUS}, user_id) as user_id,
                if(is_hot, 'unknown_session_{ANONYMOUS}', session_id) as session_id
            from marked""",
        "events_by_day": f"select /*+ {day_files} */ * from events",
        "events_by_time": "select /*+ repartition_by_range(16, event_time) */ * from events",
        "events_by_user": "select /*+ repartition_by_range(16, user_id) */ * from events",
        "brands": "select brand, count(*) as total_events from events group by brand",
        "users": "select user_id, count(*) as total_events from events group by user_id",
    }
    warehouse = Path(lab.spark.conf.get("spark.sql.warehouse.dir").removeprefix("file:"))
    # A task to a file, however small the data.
    lab.spark.conf.set("spark.sql.adaptive.coalescePartitions.enabled", "false")
    for name, sql in tables.items():
        if (warehouse / name / "_delta_log" / f"{0:020}.json").exists():
            lab.run(f"create table if not exists {name} using delta location '{warehouse / name}'")
            continue
        shutil.rmtree(warehouse / name, ignore_errors=True)
        partitioned = "partitioned by (event_date)" if name == "events_by_day" else ""
        lab.run(f"create table {name} using delta {partitioned} as {sql}")
    lab.spark.conf.unset("spark.sql.adaptive.coalescePartitions.enabled")
    events_table = lab.spark.table("events")
    for form in ("csv", "parquet"):
        folder = warehouse / f"as_{form}"
        if not (folder / "_SUCCESS").exists():
            writer = events_table.repartition(16).write.mode("overwrite")
            writer.format(form).save(str(folder))
        view = lab.spark.read.schema(events_table.schema).format(form).load(str(folder))
        view.createOrReplaceTempView(f"events_{form}")


def files(lab: Lab) -> dict[str, int]:
    """Data files of each table that is laid out in a way of its own."""
    tables = ["events", "events_by_day", "events_by_time", "events_by_user"]
    return {
        table: lab.spark.sql(f"describe detail {table}").collect()[0].numFiles for table in tables
    }


# --- 1 and 6: reuse --------------------------------------------------------------------------

EVENT_QUESTIONS = [
    "select event_type, count(*) as total_events from {} group by event_type",
    "select hour(event_time) as event_hour, sum(price) as revenue from {} "
    "where event_type = 'purchase' group by 1",
    "select brand, sum(price) as revenue, count(*) as total_events from {} group by brand",
]
SESSION_QUESTIONS = [
    "select sum(total_views) as views, sum(total_purchases) as purchases from {}",
    "select sum(total_spent) as revenue, count(*) as sessions from {} where has_purchased",
    "select duration_seconds div 60 as minutes, count(*) as sessions from {} group by 1",
    "select user_id, count(*) as sessions, sum(total_spent) as spent from {} group by user_id",
]


def reuse(name: str, sql_of, questions: list[str]) -> Experiment:
    """The same result asked several times: computed anew, or kept in one of three ways."""

    def written_out(lab: Lab) -> str:
        return lab.ask(*(question.format(f"({sql_of(lab)})") for question in questions))

    def kept(make: str, *drop: str):
        def work(lab: Lab) -> str:
            lab.run(make + sql_of(lab))
            try:
                return lab.ask(*(question.format("reused") for question in questions))
            finally:
                lab.run(*drop)

        return work

    return Experiment(
        name,
        [
            Variant("computed anew", written_out),
            Variant(
                "temporary view",
                kept("create or replace temporary view reused as ", "drop view reused"),
            ),
            Variant(
                "cache", kept("cache table reused as ", "uncache table reused", "drop view reused")
            ),
            Variant(
                "Delta table",
                kept("create or replace table reused using delta as ", "drop table reused"),
            ),
        ],
        r"InMemoryTableScan|Scan parquet|Scan csv",
    )


def cleaned_events(lab: Lab) -> str:
    """Cleaning and dedupe from the delivered files."""
    return plain.TABLES["events"].replace("{source}", str(lab.source))


def sessions(_: Lab) -> str:
    """The summary of sessions from cleaned events."""
    return plain.TABLES["dim_sessions"]


# --- 2 to 4: shuffles ------------------------------------------------------------------------


def asks(sql: str):
    """Work that is one question."""
    return lambda lab: lab.ask(sql)


def brand_join(hint: str) -> str:
    """Events with their brand's total, rolled up by brand."""
    return f"""
        select {hint} events.brand, brands.total_events, sum(events.price) as revenue
        from events inner join brands on events.brand = brands.brand
        where brands.brand != 'unknown_brand'
        group by events.brand, brands.total_events"""


def by_hint(name: str, join: Callable[[str], str], small: str) -> Experiment:
    """A join tried with each hint for its small side."""
    return Experiment(
        name,
        [
            Variant("sort-merge join", asks(join(f"/*+ merge({small}) */")), NO_BROADCAST),
            Variant("no hint", asks(join(""))),
            Variant("broadcast hint", asks(join(f"/*+ broadcast({small}) */"))),
        ],
        r"\) \w*Join\b",
        adaptive=BOTH,
    )


def broadcast() -> Experiment:
    """The join to a small dimension."""
    return by_hint("broadcast join of the brand dimension", brand_join, "brands")


def session_join(hint: str) -> str:
    """The sessions of one date rolled up from their events of all dates, as a daily load does."""
    return f"""
        select {hint} events.session_id, count(*) as total_events, sum(price) as total_price
        from events
        left semi join (
            select distinct session_id from events_by_day where event_date = date'2019-10-09'
        ) touched on events.session_id = touched.session_id
        group by events.session_id"""


def broadcast_keys() -> Experiment:
    """The keys that a load touches, sent to the tasks that read history."""
    return by_hint("broadcast semi join of a load's sessions", session_join, "touched")


def session_totals(hint: str) -> str:
    """Events rolled up to sessions."""
    return f"""
        select user_id, session_id, count(*) as total_events, sum(price) as total_price
        from (select {hint} * from events) group by user_id, session_id"""


def repartition() -> Experiment:
    """A shuffle by user before sessions are rolled up."""
    numbers = [200, 16, 4]
    return Experiment(
        "repartition by user",
        [
            Variant("none", asks(session_totals(""))),
            *(
                Variant(
                    f"{n} partitions", asks(session_totals(f"/*+ repartition({n}, user_id) */"))
                )
                for n in numbers
            ),
        ],
        r"Arguments: hashpartitioning",
        adaptive=BOTH,
    )


def salted_group(table: str, keys: str, salt_by: list[str], partial: str, final: str) -> str:
    """Group by key and salt, then by key."""
    return f"""
        select {keys}, {final}
        from (
            select {keys}, {salting().salt(salt_by, BUCKETS)} as salt, {partial}
            from {table} group by {keys}, salt
        )
        group by {keys}"""


def salt_event_type() -> Experiment:
    """Views are nearly all events; what is summed is summed before the shuffle anyway."""
    plain_sum = (
        "select event_type, count(*) as total_events, sum(price) as total_price "
        "from events group by event_type"
    )
    salted = salted_group(
        *("events", "event_type", ["event_time", "user_id"]),
        "count(*) as total_events, sum(price) as total_price",
        "sum(total_events) as total_events, "
        "cast(sum(total_price) as decimal(22, 2)) as total_price",
    )
    return by_salt("salting of views in a sum", plain_sum, salted)


def by_salt(name: str, plain_sql: str, salted_sql: str, **more) -> Experiment:
    """A group-by without salt and with it."""
    return Experiment(
        name,
        [Variant("no salt", asks(plain_sql)), Variant(f"{BUCKETS} salts", asks(salted_sql))],
        r"Arguments: hashpartitioning",
        adaptive=BOTH,
        **more,
    )


def salt_session(table: str, data: str) -> Experiment:
    """Distinct products of a session, where one session can be hot."""
    plain_count = (
        "select session_id, size(collect_set(product_id)) as products "
        f"from {table} group by session_id"
    )
    salted = salted_group(
        *(table, "session_id", ["product_id"]),
        # A product has one salt, so that its sets are disjoint.
        "size(collect_set(product_id)) as products",
        "cast(sum(products) as int) as products",
    )
    name = "salting of unknown_session in distinct products"
    return by_salt(name, plain_count, salted, data=data)


def salt_user(table: str, data: str) -> Experiment:
    """The join of events to users by sorting, where the anonymous user can be hot."""
    rows = "e.event_time, e.product_id, e.price, u.total_events"
    plain_join = f"select {rows} from {table} e left join users u on e.user_id = u.user_id"
    # Only the hot key is salted, and its one row of the other side repeated.
    salt, salts = salting().salt(["event_time", "product_id"], BUCKETS), salting().salts(BUCKETS)
    salted = f"""
        select {rows}
        from (select *, if(user_id = {ANONYMOUS}, {salt}, 0) as salt from {table}) e
        left join (
            select *, explode(if(user_id = {ANONYMOUS}, {salts}, array(0L))) as salt from users
        ) u on e.user_id = u.user_id and e.salt = u.salt"""
    return Experiment(
        "salting of the anonymous user in a join",
        [
            Variant("no salt", asks(plain_join), NO_BROADCAST),
            Variant(f"{BUCKETS} salts", asks(salted), NO_BROADCAST),
        ],
        r"\) \w*Join\b",
        data=f"{data}, sort-merge join",
        adaptive=BOTH,
    )


# --- 5: reading less -------------------------------------------------------------------------


def purchases(table: str) -> str:
    """Revenue by hour."""
    return EVENT_QUESTIONS[1].format(table)


def pushdown() -> Experiment:
    """One event type in fifty: what the format and the filter's place do."""
    late = "(select * from (select *, upper(brand) as label from events))"
    no_push = {"spark.sql.parquet.filterPushdown": "false"}
    return Experiment(
        "filter pushdown: format and filter",
        [
            Variant("CSV", asks(purchases("events_csv"))),
            Variant("Parquet, filter not pushed", asks(purchases("events_parquet")), no_push),
            Variant("Parquet, filter pushed", asks(purchases("events_parquet"))),
            Variant("Delta, filter not pushed", asks(purchases("events")), no_push),
            Variant("Delta, filter pushed", asks(purchases("events"))),
            Variant("Delta, filter written last", asks(purchases(late))),
        ],
        r"PushedFilters",
    )


def layouts(name: str, where: str, *tables: tuple[str, str]) -> Experiment:
    """The same few rows out of tables that are laid out in different ways."""
    sql = "select event_type, count(*) as total_events, sum(price) as total_price from {} where {}"
    return Experiment(
        name,
        [
            Variant(label, asks(f"{sql.format(table, where)} group by event_type"))
            for label, table in tables
        ],
        r"PartitionFilters|PushedFilters",
    )


def experiments(spark: SparkSession) -> list[Experiment]:
    """All of them; needs the tables of `prepare`."""
    day = "event_date = date'2019-10-09'"
    moments = "event_time >= timestamp'2019-10-09' and event_time < timestamp'2019-10-10'"
    (busiest,) = spark.sql(
        "select user_id from users where user_id > 0 order by total_events desc, user_id limit 1"
    ).collect()
    as_generated, hot = "as generated", f"{HOT_PERCENT} % of rows on one key"
    return [
        reuse("reuse of cleaned events", cleaned_events, EVENT_QUESTIONS),
        broadcast(),
        broadcast_keys(),
        repartition(),
        salt_event_type(),
        salt_session("events", as_generated),
        salt_session("events_hot", hot),
        salt_user("events", as_generated),
        salt_user("events_hot", hot),
        pushdown(),
        layouts(
            "filter pushdown: one date by partitioning",
            day,
            ("rows of all dates in each file", "events"),
            ("partitioned by date", "events_by_day"),
        ),
        layouts(
            "filter pushdown: one date by data skipping",
            moments,
            ("rows of all dates in each file", "events"),
            ("written in order of time", "events_by_time"),
        ),
        layouts(
            "filter pushdown: one user by clustering",
            f"user_id = {busiest.user_id}",
            ("rows of all users in each file", "events"),
            ("clustered by user", "events_by_user"),
        ),
        reuse("reuse of the session summary", sessions, SESSION_QUESTIONS),
    ]
