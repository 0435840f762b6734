"""The generated sample: the same bytes everywhere, like the real shop, with all it promises."""

import hashlib
import re
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from shopstream.intake.sources import FOLDER, source_of, sources
from shopstream.sample import generate, planted

EVENTS, SEED = 250_000, 20191001
GOOD = "event_time >= '2019-10-01' and event_time < '2019-11-01' and price < 1e6"
GOOD_LINE = re.compile(
    r"\d{4}-(0\d|1[0-2])-\d\d \d\d:\d\d:\d\d UTC,(view|cart|purchase),\d+,\d{19},"
    r"[a-z_.]*,[a-z0-9.-]*,\d+\.\d\d,(\d{9})?,([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?"
)


def digest(paths: list[Path]) -> str:
    """Return one sha256 over the bytes of the files, in order."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def database(paths: list[Path]) -> duckdb.DuckDBPyConnection:
    """Open the Parquet files as view raw (with file_day) and their usable rows as table events."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    files = [str(path) for path in paths]
    connection.execute(
        "create view raw as select *, regexp_extract(filename, '\\d{4}-\\d\\d-\\d\\d')::date"
        f" file_day from read_parquet({files}, filename = true)"
    )
    connection.execute(f"create table events as select * from raw where {GOOD}")
    return connection


@pytest.fixture(scope="module")
def month(tmp_path_factory) -> list[Path]:
    """The default sample, as Parquet."""
    return generate(tmp_path_factory.mktemp("month"), file_format="parquet")


@pytest.fixture(scope="module")
def shop(month) -> duckdb.DuckDBPyConnection:
    return database(month)


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> duckdb.DuckDBPyConnection:
    """The first ten days at the smallest rate that has an outage."""
    target = tmp_path_factory.mktemp("large")
    return database(generate(target, events=2_500_000, days=10, file_format="parquet"))


@pytest.fixture(scope="module")
def lines(tmp_path_factory) -> list[str]:
    """All lines of the default sample as CSV, without headers."""
    paths = generate(tmp_path_factory.mktemp("lines"))
    return [line for path in paths for line in path.read_text().splitlines()[1:]]


def one(connection: duckdb.DuckDBPyConnection, query: str):
    """Return the first value of the query's first row."""
    return connection.execute(query).fetchone()[0]


def retention(connection: duckdb.DuckDBPyConnection, last_day: date) -> dict[int, float]:
    """Return, per N, the share of users active on day N, of those whose day N is in the data."""
    rows = connection.execute(
        """
        with active as (
            select distinct user_id, event_time::date as day from events where user_id is not null
        ),
        ages as (
            select min(day) over (partition by user_id) as first_day,
                datediff('day', first_day, day) as age
            from active
        )
        select age, count(*) / (
            select count(*) from ages as first
            where first.age = 0 and first.first_day + ages.age::int <= ?::date
        )
        from ages group by age
        """,
        [last_day],
    ).fetchall()
    return dict(rows)


# --- the same bytes --------------------------------------------------------------------------


def test_tiny_csv_has_the_pinned_bytes(tmp_path):
    paths = generate(tmp_path, events=20_000, days=3)
    assert digest(paths) == "e53947d03ee956b9d7f18983fd8b699ec449cf334b921042c6b1c2106b9d69f6"


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_same_seed_gives_same_bytes_and_another_seed_others(tmp_path, file_format):
    def make(name: str, seed: int) -> str:
        made = generate(tmp_path / name, events=20_000, days=3, seed=seed, file_format=file_format)
        return digest(made)

    assert make("one", 1) == make("two", 1)
    assert make("one", 1) != make("three", 2)


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_asking_for_the_next_day_leaves_the_first_31_files_alone(tmp_path, file_format):
    first = generate(tmp_path / "31", events=10_000, file_format=file_format)
    more = generate(tmp_path / "32", events=10_000, days=32, file_format=file_format)
    assert [path.name for path in more[:31]] == [path.name for path in first]
    assert [digest([path]) for path in more[:31]] == [digest([path]) for path in first]
    assert more[31].name == f"events_2019-11-01.{file_format}"
    assert digest(more[31:]) not in {digest([path]) for path in first}


def test_csv_and_parquet_hold_the_same_usable_rows(month, lines):
    good = {line for line in lines if GOOD_LINE.fullmatch(line)}
    rows = database(month).execute(
        """
        select distinct concat_ws(',', strftime(event_time, '%Y-%m-%d %H:%M:%S UTC'), event_type,
            product_id, category_id, coalesce(category_code, ''), coalesce(brand, ''),
            printf('%.2f', price), coalesce(user_id::text, ''), coalesce(user_session, ''))
        from raw where event_time is not null and price < 1e6
        """
    )
    assert good == {row[0] for row in rows.fetchall()}


# --- files -----------------------------------------------------------------------------------


def test_one_file_a_day_of_about_a_days_events_and_nothing_else(month, shop):
    days = [date(2019, 10, 1) + timedelta(days=day) for day in range(31)]
    assert [path.name for path in month] == [f"events_{day}.parquet" for day in days]
    (described,) = sources(month[0].parent)
    assert sorted(month[0].parent.iterdir()) == [*month, month[0].parent / FOLDER]
    assert all(source_of(path.name, [described]) is described for path in month)
    window = described.window_start, described.window_end
    assert window == (date(2019, 10, 1), date(2020, 4, 30))
    sizes = shop.execute("select count(*) from raw group by file_day").fetchall()
    assert all(0.7 < size * 31 / EVENTS < 1.5 for (size,) in sizes)
    assert 0.97 < one(shop, "select count(*) from raw") / EVENTS < 1.03


def test_progress_counts_the_files(tmp_path):
    calls = []
    generate(tmp_path, events=1000, days=4, on_progress=lambda *call: calls.append(call))
    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_smallest_rate_and_another_start(tmp_path):
    paths = generate(tmp_path, events=1, days=2, start=date(2020, 2, 28))
    assert [path.name for path in paths] == ["events_2020-02-28.csv", "events_2020-02-29.csv"]
    assert "\n2020-02-28 " in paths[0].read_text()


@pytest.mark.parametrize("wrong", [{"events": 0}, {"days": 0}, {"file_format": "json"}])
def test_wrong_arguments_are_refused(tmp_path, wrong):
    with pytest.raises(ValueError, match="must be"):
        generate(tmp_path / "none", **wrong)
    assert not (tmp_path / "none").exists()


def test_csv_lines_look_like_the_real_ones_but_for_a_few(lines):
    broken = [line for line in lines if not GOOD_LINE.fullmatch(line)]
    assert len(broken) == 31
    for mark in ("2019-13-45", ",free,", ",guest,", ",n/a,"):
        assert sum(mark in line for line in broken) >= 5
    assert sum(line.count(",") == 6 for line in broken) >= 5
    assert all(line.count(",") in (6, 8) for line in broken)


def test_parquet_columns_are_typed(shop):
    types = {row[0]: row[1] for row in shop.execute("describe raw").fetchall()[:9]}
    assert list(types.items()) == [
        ("event_time", "TIMESTAMP WITH TIME ZONE"),
        ("event_type", "VARCHAR"),
        ("product_id", "BIGINT"),
        ("category_id", "BIGINT"),
        ("category_code", "VARCHAR"),
        ("brand", "VARCHAR"),
        ("price", "DOUBLE"),
        ("user_id", "BIGINT"),
        ("user_session", "VARCHAR"),
    ]


def test_events_lie_in_the_day_of_their_file_or_came_a_day_late(shop):
    query = "select count(*) from events where datediff('day', event_time::date, file_day) "
    assert one(shop, query + "not in (0, 1)") == 0
    assert 0 < one(shop, query + "= 1") < EVENTS / 1000


def test_next_days_file_goes_on_with_sessions_of_the_day_before(tmp_path):
    shop = database(generate(tmp_path, events=1_000_000, days=3, file_format="parquet"))
    before, own = "file_day = '2019-10-02'", "file_day = '2019-10-03'"
    going_on = f"""
        select count(*) from (select 1 from events group by user_id, user_session
            having bool_or({before}) and bool_or({own} and event_time >= '2019-10-03'))
    """
    assert one(shop, going_on) >= 10
    assert (
        one(shop, f"select avg((event_time >= '2019-10-03')::int) from events where {own}") > 0.99
    )


# --- like the real shop ----------------------------------------------------------------------

SHARES = {  # name: (query over events, lowest, highest)
    "views": ("avg((event_type = 'view')::int)", 0.957, 0.965),
    "carts": ("avg((event_type = 'cart')::int)", 0.019, 0.023),
    "purchases": ("avg((event_type = 'purchase')::int)", 0.0155, 0.0195),
    "unknown brand": ("avg((brand is null)::int)", 0.134, 0.154),
    "uncategorized": ("avg((category_code is null)::int)", 0.308, 0.328),
    "free": ("avg((price = 0)::int)", 0.0005, 0.003),
    "events per session": ("count(*) / count(distinct user_session)", 4.4, 4.8),
    "sessions per user": ("count(distinct user_session) / count(distinct user_id)", 2.8, 3.6),
    "purchase price": ("avg(price) filter (event_type = 'purchase')", 285, 335),
    "afternoon": ("avg((hour(event_time) between 14 and 16)::int)", 0.18, 0.22),
    "night": ("avg((hour(event_time) in (22, 23, 0))::int)", 0.01, 0.03),
    "buying in the morning": (
        "avg((event_type = 'purchase')::int) filter (hour(event_time) between 7 and 10)"
        " / avg((event_type = 'purchase')::int) filter (hour(event_time) between 16 and 19)",
        1.4,
        3,
    ),
    "apple": (
        "sum(price) filter (brand = 'apple' and event_type = 'purchase')"
        " / sum(price) filter (event_type = 'purchase')",
        0.44,
        0.53,
    ),
    "samsung": (
        "sum(price) filter (brand = 'samsung' and event_type = 'purchase')"
        " / sum(price) filter (event_type = 'purchase')",
        0.17,
        0.24,
    ),
    "smartphones": ("avg((category_code = 'electronics.smartphone')::int)", 0.24, 0.4),
    "user ids": ("avg((user_id between 510000000 and 560000000)::int)", 1, 1),
    "category ids": ("avg((length(category_id::text) = 19)::int)", 1, 1),
}


@pytest.mark.parametrize("name", SHARES)
def test_shares_are_those_of_the_real_shop(shop, name):
    query, lowest, highest = SHARES[name]
    assert lowest <= one(shop, f"select {query} from events") <= highest


@pytest.mark.parametrize(
    ("key", "lowest", "highest"), [("user_id", 0.07, 0.25), ("product_id", 0.2, 0.5)]
)
def test_top_percent_of_users_and_of_products_has_many_events(shop, key, lowest, highest):
    query = f"""
        with totals as (select count(*) n, row_number() over (order by n desc) place
                        from events group by {key})
        select sum(n) filter (place <= (select count(*) / 100 from totals)) / sum(n) from totals
    """
    assert lowest < one(shop, query) < highest


# --- rare things -----------------------------------------------------------------------------

RARE = {  # name: (query that counts it, least)
    "exact duplicates": (
        "select count(*) from (select 1 from events group by"
        " event_time, event_type, product_id, category_id, category_code, brand, price, user_id,"
        " user_session, file_day having count(*) > 1)",
        280,  # some 200 of them two views of one product within a second
    ),
    "duplicates with another session": (
        "select count(*) from (select 1 from events group by event_time, event_type, product_id,"
        " price, user_id having count(distinct user_session) > 1)",
        30,
    ),
    "duplicates in the next file": (
        "select count(*) from (select 1 from events group by event_time, event_type, product_id,"
        " price, user_id, user_session having count(distinct file_day) > 1)",
        10,
    ),
    "late only": (
        "select count(*) from (select 1 from events group by event_time, event_type, product_id,"
        " price, user_id, user_session having min(file_day) > min(event_time::date))",
        10,
    ),
    "before the window": ("select count(*) from raw where event_time < '2019-10-01'", 10),
    "after the window": ("select count(*) from raw where event_time >= '2030-01-01'", 10),
    "no session": ("select count(*) from events where user_session is null", 10),
    "no user": ("select count(*) from events where user_id is null", 10),
    "no time": ("select count(*) from raw where event_time is null", 10),
    "infinite price": ("select count(*) from raw where isinf(price)", 10),
    "zero price": ("select count(*) from events where price = 0", 10),
    "session of two users": (
        "select count(*) from (select 1 from events where user_session is not null"
        " group by user_session having count(distinct user_id) > 1)",
        5,
    ),
    "session over midnight": (
        "select count(*) from (select 1 from events group by user_id, user_session"
        " having count(distinct event_time::date) = 2 and max(event_time) - min(event_time)"
        " < interval 6 hours)",
        10,
    ),
    "session over several days": (
        "select count(*) from (select 1 from events where user_session is not null"
        " group by user_id, user_session"
        " having datediff('day', min(event_time::date), max(event_time::date)) >= 2)",
        10,
    ),
    "purchase without a cart": (
        "select count(*) from (select 1 from events group by user_session, product_id having"
        " count(*) filter (event_type = 'purchase') > 0"
        " and count(*) filter (event_type = 'cart') = 0)",
        300,
    ),
    "view, then cart, then purchase": (
        "select count(*) from (select 1 from events group by user_session, product_id having"
        " min(event_time) filter (event_type = 'view') < min(event_time) filter"
        " (event_type = 'cart') and min(event_time) filter (event_type = 'cart')"
        " < max(event_time) filter (event_type = 'purchase'))",
        1500,
    ),
    "product with two brands": (
        "select count(*) from (select 1 from events group by product_id"
        " having count(distinct coalesce(brand, '-')) > 1)",
        10,
    ),
    "product with two categories": (
        "select count(*) from (select 1 from events group by product_id"
        " having count(distinct category_id) > 1)",
        10,
    ),
    "product with several prices": (
        "select count(*) from (select 1 from events group by product_id"
        " having count(distinct price) > 1)",
        1000,
    ),
}


@pytest.mark.parametrize("name", RARE)
def test_rare_things_are_there(shop, name):
    query, least = RARE[name]
    found = one(shop, query)
    assert found >= least
    assert found < EVENTS / 10


# --- planted effects -------------------------------------------------------------------------


@pytest.mark.parametrize("pair", range(len(planted(EVENTS, SEED).pairs)))
def test_planted_pairs_are_bought_together(shop, pair):
    effects = planted(EVENTS, SEED)
    first, second = effects.pairs[pair]
    both, of_first, expected = shop.execute(
        f"""
        with baskets as (
            select bool_or(product_id = {first})::int x, bool_or(product_id = {second})::int y
            from events where event_type = 'purchase' group by user_id, user_session
        )
        select sum(x * y), sum(x), sum(x) * sum(y) / count(*) from baskets
        """
    ).fetchone()
    assert both >= 2
    assert both > 10 * expected
    if of_first >= 50:
        assert both / of_first == pytest.approx(effects.pair_share, abs=0.2)


def test_planted_retention_is_found_again(shop, large):
    curve = planted(EVENTS, SEED).retention
    found = retention(shop, date(2019, 10, 31))
    assert len(curve) == len(found) == 31
    assert sum(abs(found[age] - curve[age]) for age in found) / 31 < 0.006
    found = retention(large, date(2019, 10, 10))
    assert found == pytest.approx(dict(enumerate(curve[:10])), abs=0.005)


def test_planted_weekend_lift_is_found_again(shop):
    lift = one(
        shop,
        """
        with days as (select event_time::date as day, count(*) as n from events group by 1)
        select avg(n) filter (isodow(day) >= 6) / avg(n) filter (isodow(day) < 6) from days
        """,
    )
    assert lift == pytest.approx(planted(EVENTS, SEED).weekend_lift, abs=0.06)


def test_planted_outage_has_no_purchases_and_is_large_scale_only(shop, large):
    first, until = planted(2_500_000, SEED).outage
    assert (until - first) == timedelta(hours=6)
    during = (
        "select count(*) from events where event_type = '{}'"
        f" and event_time >= '{first}' and event_time < '{until}'"
    )
    assert one(large, during.format("purchase")) == 0
    assert one(large, during.format("view")) > 10_000
    day_before = f"event_time + interval 1 day >= '{first}' and event_time + interval 1 day"
    query = during.format("purchase").replace(f"event_time >= '{first}' and event_time", day_before)
    assert one(large, query) > 300
    assert planted(EVENTS, SEED).outage is None
    assert one(shop, during.format("purchase")) > 20
