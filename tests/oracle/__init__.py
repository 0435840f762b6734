"""The independent check: the core marts, computed straight from the landing files.

This is a second reading of the contract of the core marts, by other means than the dbt models:
each landed row is decoded and cleaned in plain Python, and DuckDB SQL does the rest. It shares no
code with the models or with the landing step, and is written to be obviously right, not fast.

    marts = core_marts(Path("data/landing"))
    message = differences(marts["dim_users"], built_table, KEYS["dim_users"])
"""

import csv
import dataclasses
import fnmatch
import gzip
import hashlib
import io
import re
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash
import yaml

ANONYMOUS = -999999
NO_PRODUCT = -1
NO_CATEGORY = -1
CENT = Decimal("0.01")
EPOCH = datetime(1970, 1, 1)
DAY = 24 * 3600 * 1_000_000  # microseconds, as all times below
MINUTE = 60 * 1_000_000

# The nine columns of an event, as delivered.
COLUMNS = ["event_time", "event_type", "product_id", "category_id", "category_code"]
COLUMNS += ["brand", "price", "user_id", "user_session"]
REQUIRED = {"event_time", "event_type", "product_id", "user_id"}


# Table (key): columns with their Spark types. The contract leaves some types open: read as bigint
# for every id and count, timestamp for every point in time, and int for the parts of a date.
CONTRACT = """
fct_events (event_date, event_key): event_key bigint, event_time timestamp, event_date date,
    time_key int, event_type string, user_id bigint, product_id bigint, session_key bigint,
    price decimal(12,2), quantity bigint
dim_sessions (session_key): session_key bigint, user_id bigint, session_id string,
    session_start timestamp, session_end timestamp, duration_seconds bigint, total_events bigint,
    total_views bigint, total_carts bigint, total_purchases bigint, total_removals bigint,
    total_unknown bigint, total_other bigint, total_spent decimal(18,2), unique_products bigint,
    unique_categories bigint,
    conversion_rate double, has_purchased boolean, is_anonymous boolean,
    has_unknown_events boolean
dim_users (user_id): user_id bigint, first_seen_at timestamp, last_seen_at timestamp,
    total_sessions bigint, total_events bigint, total_views bigint, total_carts bigint,
    total_purchases bigint, total_removals bigint, total_unknown bigint, total_other bigint,
    total_spent decimal(18,2), user_segment string, is_anonymous boolean
dim_products (product_id): product_id bigint, brand string, category_code string,
    category_id bigint, last_price decimal(12,2), avg_price decimal(12,2), priced_events bigint,
    free_events bigint, missing_price_events bigint, total_events bigint, total_views bigint,
    total_carts bigint, total_purchases bigint, total_removals bigint, total_unknown bigint,
    total_other bigint, total_revenue decimal(18,2)
dim_categories (category_code): category_code string, top_category string, total_events bigint,
    total_views bigint, total_carts bigint, total_purchases bigint, total_removals bigint,
    total_unknown bigint, total_other bigint, total_revenue decimal(18,2)
dim_time (time_key): time_key int, event_date date, event_hour int, day_of_week int,
    day_name string, is_weekend boolean, month int, year int
row_ledger (file_sha256): source_file string, file_sha256 string, rows_read bigint,
    rows_accepted bigint, rows_duplicate bigint, rows_out_of_window bigint,
    rows_quarantined bigint
quarantined_events (source_file, row_number): source_file string, row_number bigint, reason string
data_coverage (first_delivered_date): begins_at timestamp, ends_at timestamp,
    first_delivered_date date, last_delivered_date date, typical_events bigint,
    dates_delivered bigint, dates_whole bigint, dates_stray bigint
event_dates (event_date): event_date date, total_rows bigint, total_events bigint,
    is_delivered boolean, is_stray boolean, is_whole boolean
stray_dates (event_date, file_sha256): event_date date, source_file string, file_sha256 string,
    total_rows bigint
"""


def typed(columns: str) -> dict[str, str]:
    """Column -> Spark type, from "name type, name type"."""
    return dict(column.split() for column in re.split(r",\s+", columns.strip()))


_TABLES = re.findall(r"^(\w+) \((.+)\): ((?:.|\n )+)", CONTRACT, re.MULTILINE)
CONTRACT_COLUMNS = {table: typed(columns) for table, _, columns in _TABLES}
KEYS = {table: key.split(", ") for table, key, _ in _TABLES}
ARROW_TYPES = {
    "bigint": pa.int64(),
    "int": pa.int32(),
    "double": pa.float64(),
    "string": pa.string(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
    "decimal(12,2)": pa.decimal128(12, 2),
    "decimal(18,2)": pa.decimal128(18, 2),
}
TEXTS = [pa.string(), pa.large_string(), pa.string_view()]
BYTES = [pa.binary(), pa.large_binary(), pa.binary_view()]


@dataclasses.dataclass(frozen=True)
class Rules:
    """The settings of a build that change its result; None for a bound means no bound."""

    window_start: date | None = date(2000, 1, 1)
    window_end: date | None = date(2099, 12, 31)
    session_timeout_minutes: int | None = None
    session_source: str = "delivered"  # or "inactivity"
    missing_session_timeout_minutes: int = 30
    event_time_default: str | None = None
    event_type_names: dict[str, str] = dataclasses.field(default_factory=dict)
    # The names delivered of quantity and currency, where the files have them.
    mapped: dict[str, str] = dataclasses.field(default_factory=dict)
    currency: str = "USD"


BY_DEFAULT = Rules()


class Refused(Exception):
    """A file that cannot be read as events at all."""


class Quarantined(Exception):
    """A row that cannot be used; its one argument is the reason."""


UNREADABLE = (Refused, OSError, EOFError, zlib.error, zipfile.BadZipFile, csv.Error)
UNREADABLE += (pa.ArrowException, RuntimeError)  # RuntimeError: an encrypted zip member


# ---------------------------------------------------------------- cleaning, one value at a time

WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000"
WHITE_SPACE += "".join(map(chr, range(0x2000, 0x200B)))
TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d+))?"
    r"(?: UTC|Z|([+-])(\d\d)(?::?(\d\d))?)?",
    re.ASCII,
)
WHOLE_NUMBER = re.compile(r"([+-]?)0*(\d{1,19})(?:\.0)?", re.ASCII)
DECIMAL_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d+))?", re.ASCII)


class Instant(int):
    """A typed point in time: microseconds since 1970 in UTC."""


def trimmed(value: Any) -> Any:
    """A value without white space around it; None when it is null or blank."""
    return (value.strip(WHITE_SPACE) or None) if isinstance(value, str) else value


def untexted(value: Any) -> Any:
    """The same for a column that is not text: the word null is null there, too."""
    value = trimmed(value)
    return None if isinstance(value, str) and value.lower() == "null" else value


@lru_cache(maxsize=None, typed=True)
def text(value: Any, default: str, lower: bool = False) -> str:
    """A text column. (Spark's lower and Python's agree on every letter, 'İ' included.)"""
    value = trimmed(value)
    if value is None:
        return default
    return str(value).lower() if lower else str(value)


def whole_number(value: Any) -> int | None:
    """A whole number within 64 bits, or None. Typed numbers count by value, text by pattern."""
    if isinstance(value, str):
        match = WHOLE_NUMBER.fullmatch(value)
        number = int(match[1] + match[2]) if match else None
    elif isinstance(value, (int, float, Decimal)) and not isinstance(value, (bool, Instant)):
        finite = value == value and abs(value) < 2**64
        number = int(value) if finite and value == int(value) else None
    else:
        number = None
    return number if number is not None and -(2**63) <= number < 2**63 else None


def event_id(value: Any, default: int, reason: str) -> int:
    """user_id or product_id."""
    value = untexted(value)
    number = default if value is None else whole_number(value)
    if number is None:
        raise Quarantined(reason)
    return number


def category_id(value: Any) -> int:
    """Nothing is wrong enough with a category to lose its row."""
    number = whole_number(untexted(value))
    return NO_CATEGORY if number is None else number


def event_time(value: Any, default: str | None = None) -> int:
    """Microseconds since 1970 in UTC."""
    value = untexted(value)
    if value is None and default is not None:
        value = default
    if value is None:
        raise Quarantined("missing_event_time")
    return value if isinstance(value, Instant) else parsed_time(value)


@lru_cache(maxsize=None, typed=True)
def parsed_time(value: Any) -> int:
    """Microseconds of a time in text; digits beyond microseconds are cut."""
    match = TIME.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise Quarantined("bad_event_time")
    *parts, fraction, sign, hours, minutes = match.groups()
    offset = int(hours or 0) * 60 + int(minutes or 0)
    if int(minutes or 0) > 59 or offset > 18 * 60:  # no zone is further off
        raise Quarantined("bad_event_time")
    try:
        seconds = (datetime(*map(int, parts)) - EPOCH) // timedelta(seconds=1)
    except ValueError as error:  # no such day or hour
        raise Quarantined("bad_event_time") from error
    micros = int((fraction or "")[:6].ljust(6, "0"))
    return seconds * 1_000_000 + micros - (-offset if sign == "-" else offset) * MINUTE


@lru_cache(maxsize=None, typed=True)
def price(value: str | None) -> Decimal:
    """A price from its (shortest) decimal text."""
    value = untexted(value)
    if value is None or value.lower() == "nan":
        return Decimal("0.00")
    match = DECIMAL_NUMBER.fullmatch(value)
    if not match:
        raise Quarantined("bad_price")
    exponent = max(-99999, min(99999, Decimal(match[2] or 0)))  # what Decimal can take
    number = Decimal(f"{match[1]}e{int(exponent)}")
    if number < 0:
        return Decimal("0.00")
    return Decimal("10000.00") if number > 10000 else number.quantize(CENT, ROUND_HALF_UP)


def has_price(value: str | None) -> bool:
    """Whether a price was delivered as a number from 0 on, and not filled in."""
    value = untexted(value)
    match = value is not None and DECIMAL_NUMBER.fullmatch(value)
    return bool(match) and Decimal(match[1]) >= 0


def units(value: Any) -> int:
    """How many of the product: one where nothing is said."""
    value = untexted(value)
    number = 1 if value is None else whole_number(value)
    if number is None or not 0 < number <= 10000:
        raise Quarantined("bad_quantity")
    return number


def check_currency(value: Any, own: str) -> None:
    """Amounts of two currencies can't be added up."""
    value = untexted(value)
    if value is not None and value.upper() != own:
        raise Quarantined("other_currency")


def cleaned(row: list, rules: Rules) -> tuple:
    """(event_us, user_id, product_id, event_type, price, session, category_id, code, brand,
    quantity)."""
    time, kind, product, category, code, brand, amount, user, session, quantity, currency = row
    # In this order: a row with several faults is quarantined for the first.
    micros = event_time(time, rules.event_time_default)
    user = event_id(user, ANONYMOUS, "bad_user_id")
    product = event_id(product, NO_PRODUCT, "bad_product_id")
    amount = price(amount)
    quantity = units(quantity)
    check_currency(currency, rules.currency)
    kind = text(kind, "unknown", lower=True)
    kind = rules.event_type_names.get(kind, kind)
    session = text(session, f"unknown_session_{user}")
    code = text(code, "uncategorized")
    brand = text(brand, "unknown_brand", lower=True)
    category = category_id(category)
    return micros, user, product, kind, amount, session, category, code, brand, quantity


# ------------------------------------------------------------------------- decoding, file by file


def column_positions(names: list[str], mapped: dict[str, str]) -> list[int | None]:
    """Where each of the nine columns is, then quantity and currency; None where one is absent."""
    names = [name.strip(WHITE_SPACE).lower() for name in names]
    if missing := REQUIRED - set(names):
        raise Refused(f"missing columns: {sorted(missing)}")
    if repeated := [name for name in COLUMNS if names.count(name) > 1]:
        raise Refused(f"repeated columns: {repeated}")
    wanted = [*COLUMNS, mapped.get("quantity"), mapped.get("currency")]
    return [names.index(name) if name in names else None for name in wanted]


def is_utf8(fields: list) -> bool:
    """Bytes that were not UTF-8 were decoded to lone surrogates, which do not encode."""
    try:
        "".join(field for field in fields if isinstance(field, str)).encode()
    except UnicodeEncodeError:
        return False
    return True


def csv_rows(data: bytes, mapped: dict[str, str]) -> Iterator[list | None]:
    """The values of each data row; None for a row that is not one."""
    csv.field_size_limit(sys.maxsize)
    content = data.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    lines = list(io.StringIO(content, newline=""))
    reader = csv.reader(lines)
    header, start = None, 0
    for record in reader:
        line, start = "".join(lines[start : reader.line_num]), reader.line_num
        if not line.strip(WHITE_SPACE):
            continue
        if header is None:
            header, positions = record, column_positions(record, mapped)
        elif len(record) != len(header) or not is_utf8(record):
            yield None
        else:
            yield [None if p is None else record[p] for p in positions]
    if header is None:
        raise Refused("empty file")


def typed_values(column: pa.ChunkedArray, name: str) -> list:
    """The values of a Parquet column, as Python values that the cleaning functions take."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if pa.types.is_timestamp(kind):
        up, down = {"s": (10**6, 1), "ms": (10**3, 1), "us": (1, 1), "ns": (1, 10**3)}[kind.unit]
        counts = column.cast(pa.int64()).to_pylist()
        return [None if n is None else Instant(n * up // down) for n in counts]
    if kind in TEXTS + BYTES:  # a writer may put any bytes into a string
        texts = column.cast(pa.large_binary()).to_pylist()
        return [None if b is None else b.decode("utf-8", "surrogateescape") for b in texts]
    values = column.to_pylist()
    if name == "price" and pa.types.is_floating(kind):  # numpy prints the shortest text
        own_width = kind.to_pandas_dtype()
        return [None if v is None else str(own_width(v)) for v in values]
    if name == "price":
        return [None if v is None else str(v) for v in values]
    return values


def parquet_rows(data: bytes, mapped: dict[str, str]) -> Iterator[list | None]:
    """The values of each row; None for a row with text that is not UTF-8."""
    file = pq.ParquetFile(pa.BufferReader(data), coerce_int96_timestamp_unit="us")
    table = file.read()
    nulls = [None] * table.num_rows
    columns = [
        nulls if position is None else typed_values(table.column(position), name)
        for name, position in zip(
            [*COLUMNS, "quantity", "currency"],
            column_positions(table.column_names, mapped),
            strict=True,
        )
    ]
    for row in zip(*columns, strict=True):
        yield list(row) if is_utf8(row) else None


def zip_member(path: Path, member: str) -> bytes:
    """The bytes of one member."""
    with zipfile.ZipFile(path) as archive:
        return archive.read(member)


def contents(landing: Path, mapped: dict[str, str]) -> Iterator[tuple[str, str, list]]:
    """(source_file, sha256, rows) of each content that can be read, under its smallest name."""
    named: dict[str, Callable[[], bytes]] = {}
    for path in filter(Path.is_file, landing.rglob("*")):
        name = path.relative_to(landing).as_posix()
        if name.endswith(".zip") and zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for member in archive.namelist():
                    named[f"{name}/{member}"] = partial(zip_member, path, member)
        else:
            named[name] = path.read_bytes
    seen = set()
    for name in sorted(named):
        if not name.endswith((".csv", ".csv.gz", ".parquet")):
            continue
        try:
            data = named[name]()
            sha256 = hashlib.sha256(data).hexdigest()
            if sha256 in seen:
                continue
            seen.add(sha256)
            if name.endswith(".parquet"):
                yield name, sha256, list(parquet_rows(data, mapped))
            else:
                plain = gzip.decompress(data) if name.endswith(".gz") else data
                yield name, sha256, list(csv_rows(plain, mapped))
        except UNREADABLE:
            continue


# ------------------------------------------------------------------------------ keys and marts


def spark_xxhash64(*values: int | str) -> int:
    """Spark's xxhash64: each value is hashed with the hash so far as its seed, at first 42."""
    result = 42
    for value in values:
        is_text = isinstance(value, str)
        data = value.encode() if is_text else value.to_bytes(8, "little", signed=True)
        result = xxhash.xxh64_intdigest(data, result)
    return result - 2**64 if result >= 2**63 else result


CANDIDATE = """file_sha256 string, row_number bigint, event_key bigint, has_session boolean,
    has_price boolean, event_us bigint,
    user_id bigint, product_id bigint, event_type string, price decimal(12,2), user_session string,
    category_id bigint, category_code string, brand string, quantity bigint"""
FILE = """source_file string, file_sha256 string, rows_read bigint, rows_out_of_window bigint,
    rows_quarantined bigint"""


def arrow_table(rows: list[tuple], columns: dict[str, str]) -> pa.Table:
    """Rows as an Arrow table of Spark types."""
    values = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    types = [ARROW_TYPES[kind] for kind in columns.values()]
    arrays = [pa.array(v, t) for v, t in zip(values, types, strict=True)]
    return pa.table(dict(zip(columns, arrays, strict=True)))


PUBLISHED_WINDOWS = {"rees46": {"start": date(2019, 10, 1), "end": date(2020, 4, 30)}}


def days_of(day: date) -> int:
    """Days since 1970."""
    return (day - EPOCH.date()).days


def described_window(landing: Path, name: str) -> tuple[date | None, date | None]:
    """The window that a description of sources has for a file; nothing else of it is known here."""
    for path in sorted(landing.glob("sources/*.yml")):
        described = yaml.safe_load(path.read_text())
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in described["files"]):
            window = described.get("window") or PUBLISHED_WINDOWS.get(described.get("preset"), {})
            return window.get("start"), window.get("end")
    return None, None


def fates(landing: Path, rules: Rules) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Candidates (rows still to be deduped), files with their counts, and the quarantine."""
    candidates, files, quarantine = [], [], []
    for name, sha256, rows in contents(landing, rules.mapped):
        start, end = described_window(landing, name)
        first = max([days_of(day) for day in (rules.window_start, start) if day], default=None)
        last = min([days_of(day) for day in (rules.window_end, end) if day], default=None)
        quarantined = outside = 0
        for number, row in enumerate(rows, start=1):
            try:
                if row is None:
                    raise Quarantined("bad_row")
                event = cleaned(row, rules)
            except Quarantined as reason:
                quarantine.append((name, number, str(reason)))
                quarantined += 1
                continue
            day = event[0] // DAY
            if (first is not None and day < first) or (last is not None and day > last):
                outside += 1
                continue
            *identity, cents = event[:5]
            key = spark_xxhash64(*identity, int(cents.scaleb(2)))
            given = (trimmed(row[8]) is not None, has_price(row[6]))
            candidates.append((sha256, number, key, *given, *event))
        files.append((name, sha256, len(rows), outside, quarantined))
    return (
        arrow_table(candidates, typed(CANDIDATE)),
        arrow_table(files, typed(FILE)),
        arrow_table(quarantine, CONTRACT_COLUMNS["quarantined_events"]),
    )


# Of events of a date that share their key, the smallest keeps it.
ACCEPTED = """
    create table keyed as
    with deduplicated as (
        select *, make_timestamp(event_us) as event_time
        from candidates
        qualify row_number() over (
            partition by event_us, user_id, product_id, event_type, price
            order by user_session, category_id, category_code, brand, quantity, file_sha256,
                has_session desc, row_number
        ) = 1
    )
    select *, row_number() over (
        partition by event_time::date, event_key
        order by event_time, user_id, product_id, event_type, price
    ) as place
    from deduplicated;
    create table accepted as from keyed where place = 1;
    create table collided as from keyed where place > 1"""

# Sessions that have one key: none of them can be told to be the real one.
WITHOUT_COLLIDED_SESSIONS = """
    create table lost as
    select user_id, session_id from session_keys
    where session_key in (
        select session_key from session_keys group by session_key having count(*) > 1
    );
    insert into collided by name
    select * exclude (is_own_stream, is_sessionless, stream, timeout_us, pause_us, cuts, started_at,
        session_id)
    from sessionized semi join lost using (user_id, session_id);
    create or replace table sessionized as
    from sessionized anti join lost using (user_id, session_id);
    create or replace table accepted as
    from accepted anti join collided using (file_sha256, row_number)"""

# What the data covers. Whether a date belongs to a run is asked of each pair of its dates: no date
# between them is without events.
COVERAGE = """
    create table days as
    select event_time::date as event_date, count(*) as n, min(event_time) as first_at,
        max(event_time) as last_at
    from accepted group by all;
    create table coverage as
    with typical as (
        select min(n) as typical from days
        where 2 * (select sum(smaller.n) from days smaller where smaller.n <= days.n)
            >= (select sum(n) from days)
    ), judged as (
        select days.*, typical, exists (
            from days other
            where other.n * 100 >= typical and abs(other.event_date - days.event_date) + 1 = (
                select count(*) from days between_them
                where between_them.event_date between least(other.event_date, days.event_date)
                    and greatest(other.event_date, days.event_date)
            )
        ) as is_delivered
        from days cross join typical
    ), bounds as (
        select min(event_date) as first_date, max(event_date) as last_date, min(first_at) as begins,
            max(last_at) as ends
        from judged where is_delivered
    )
    select *, not is_delivered as is_stray, is_delivered
        and (event_date <> first_date or first_at < event_date + interval 1 hour)
        and (event_date <> last_date or last_at >= event_date + interval 23 hours) as is_whole
    from judged cross join bounds;
    -- The hours of delivered dates that lie wholly within the data.
    create table judged_hours as
    select hour_start from (
        select unnest(generate_series(
            event_date::timestamp, event_date + interval 23 hours, interval 1 hour
        )) as hour_start, begins, ends
        from coverage where is_delivered
    ) where hour_start >= begins and hour_start + interval 1 hour <= ends;
    create table all_hours as
    select distinct date_trunc('hour', event_time) as hour_start from accepted
    union
    select unnest(generate_series(
        min(event_date)::timestamp, max(event_date) + interval 23 hours, interval 1 hour
    ))
    from coverage where is_delivered"""

# A stream is what pauses are looked for in: a delivered session, all events of a user, or those of
# them that came without a session. Each such row of nobody is a stream.
# The window frames are of range type: events of one instant are on the same side of a cut.
SESSIONIZED = """
    create table sessionized as
    with streams as (
        select *,
            $inactivity and user_id <> -999999 as is_own_stream,
            not has_session and not is_own_stream as is_sessionless,
            case when is_own_stream then user_id::varchar
                when is_sessionless and user_id = -999999 then user_session || '@' || event_key
                else user_session end as stream,
            case when is_sessionless and user_id = -999999 then null
                when is_sessionless then $missing_us
                when is_own_stream or not $inactivity then $timeout_us end as timeout_us,
        from accepted
    ), pauses as (
        select *, event_us - lag(event_us) over (
            partition by user_id, stream, is_sessionless order by event_us
        ) as pause_us
        from streams
    ), numbered as (
        select *, count(*) filter (where pause_us > timeout_us) over (
            partition by user_id, stream, is_sessionless order by event_us
        ) as cuts
        from pauses
    ), started as (
        select *, min(event_time) over (partition by user_id, stream, is_sessionless, cuts)
            as started_at
        from numbered
    )
    select *,
        case when timeout_us is null then stream
            else stream || '@' || epoch_us(date_trunc('second', started_at)) // 1000000
        end as session_id
    from started"""


def pauses(inactivity: bool, timeout_us: int | None, missing_minutes: int = 30) -> dict:
    """What SESSIONIZED goes by."""
    missing_us = missing_minutes * MINUTE
    return {"inactivity": inactivity, "timeout_us": timeout_us, "missing_us": missing_us}


# Events by type; those of no known one are `total_other`.
BY_TYPE = """
    count(*) as total_events,
    count(*) filter (event_type = 'view') as total_views,
    count(*) filter (event_type = 'cart') as total_carts,
    count(*) filter (event_type = 'purchase') as total_purchases,
    count(*) filter (event_type = 'remove_from_cart') as total_removals,
    count(*) filter (event_type = 'unknown') as total_unknown,
    total_events - total_views - total_carts - total_purchases - total_removals - total_unknown
        as total_other"""
COUNTS = f"""{BY_TYPE},
    coalesce(sum(price * quantity) filter (event_type = 'purchase'), 0)"""

# Events in the order of the contract, by which the latest is told.
NUMBERED = """select *, row_number() over (
    order by event_time, user_session, category_id, category_code, brand, event_type, user_id, price
) as nth"""
# The last that were delivered of a product, from numbered events.
LATEST_ATTRIBUTES = """
    coalesce(arg_max(brand, nth) filter (brand <> 'unknown_brand'), 'unknown_brand') as brand,
    coalesce(
        arg_max(category_code, nth) filter (category_code <> 'uncategorized'), 'uncategorized'
    ) as category_code"""

MARTS = {
    "fct_events": """
        select *, event_time::date as event_date,
            strftime(event_time, '%Y%m%d%H')::int as time_key
        from sessionized join session_keys using (user_id, session_id)""",
    "dim_sessions": f"""
        select session_key, user_id, session_id,
            min(event_time) as session_start,
            max(event_time) as session_end,
            (max(event_us) - min(event_us)) // 1000000 as duration_seconds,
            {COUNTS} as total_spent,
            count(distinct product_id) filter (product_id <> -1) as unique_products,
            count(distinct category_key) filter (category_key <> {spark_xxhash64("uncategorized")})
                as unique_categories,
            case when total_views = 0 then 0
                else 100::double * total_purchases / total_views end as conversion_rate,
            total_purchases > 0 as has_purchased,
            user_id = -999999 as is_anonymous,
            total_unknown > 0 as has_unknown_events
        from sessionized join session_keys using (user_id, session_id)
        join category_keys using (category_code)
        group by session_key, user_id, session_id""",
    "dim_users": f"""
        select user_id,
            min(event_time) as first_seen_at,
            max(event_time) as last_seen_at,
            count(distinct session_id) as total_sessions,
            {COUNTS} as total_spent,
            case when user_id = -999999 then 'Anonymous'
                when total_sessions >= 10 then 'Power User'
                when total_sessions >= 5 then 'Active User'
                when total_sessions >= 2 then 'Occasional User'
                else 'One-time User' end as user_segment,
            user_id = -999999 as is_anonymous
        from sessionized
        group by user_id""",
    # The mean in whole cents, half up: (2 * sum + n) / 2n cut off, in integers.
    "dim_products": f"""
        with numbered as (
            {NUMBERED} from accepted
        ), totals as (
            select product_id,
                {LATEST_ATTRIBUTES},
                coalesce(arg_max(category_id, nth) filter (category_id <> -1), -1)
                    as category_id,
                coalesce(arg_max(price, nth) filter (price > 0), 0) as last_price,
                (sum(price) * 100)::hugeint as cents,
                count(*) filter (price > 0) as priced_events,
                count(*) filter (price = 0 and has_price) as free_events,
                count(*) filter (not has_price) as missing_price_events,
                {COUNTS} as total_revenue
            from numbered
            group by product_id
        )
        select *,
            case when priced_events = 0 then 0 else
                ((2 * cents + priced_events) // (2 * priced_events))::decimal(12, 0) * 0.01
            end as avg_price
        from totals""",
    # Codes that have one key are one category, which goes by the code of most events.
    "dim_categories": f"""
        with codes as (
            select category_code, first(category_code) over (
                partition by category_key order by count(*) desc, category_code desc
            ) as name
            from accepted join category_keys using (category_code)
            group by category_code, category_key
        )
        select name as category_code, split_part(name, '.', 1) as top_category,
            {COUNTS} as total_revenue
        from accepted join codes using (category_code)
        group by name""",
    "dim_time": """
        select strftime(hour_start, '%Y%m%d%H')::int as time_key,
            hour_start::date as event_date,
            hour(hour_start) as event_hour,
            isodow(hour_start) as day_of_week,
            dayname(hour_start) as day_name,
            isodow(hour_start) in (6, 7) as is_weekend,
            month(hour_start) as month,
            year(hour_start) as year
        from all_hours""",
    "data_coverage": """
        select min(begins) as begins_at, max(ends) as ends_at,
            min(first_date) as first_delivered_date, max(last_date) as last_delivered_date,
            max(typical) as typical_events,
            count(*) filter (is_delivered) as dates_delivered,
            count(*) filter (is_whole) as dates_whole,
            count(*) filter (is_stray) as dates_stray
        from coverage""",
    "event_dates": """
        select event_date, count(*) as total_rows, any_value(n) as total_events,
            any_value(is_delivered) as is_delivered, any_value(is_stray) as is_stray,
            any_value(is_whole) as is_whole
        from candidates join coverage on event_date = make_timestamp(event_us)::date
        group by event_date""",
    "stray_dates": """
        select event_date, source_file, file_sha256, count(*) as total_rows
        from candidates
        join coverage on event_date = make_timestamp(event_us)::date and is_stray
        join files using (file_sha256)
        group by all""",
    "row_ledger": """
        with counted as (
            select file_sha256, count(*) as rows_accepted from accepted group by file_sha256
        ), lost as (
            select file_sha256, count(*) as rows_collided from collided group by file_sha256
        ), summed as (
            select * replace (
                coalesce(rows_accepted, 0) as rows_accepted,
                rows_quarantined + coalesce(rows_collided, 0) as rows_quarantined
            )
            from files
            left join counted using (file_sha256) left join lost using (file_sha256)
        )
        select *, rows_read - rows_accepted - rows_out_of_window - rows_quarantined
            as rows_duplicate
        from summed""",
    "quarantined_events": """
        from quarantine
        union all by name
        select source_file, row_number, 'key_collision' as reason
        from collided join files using (file_sha256)""",
}


def core_marts(landing: Path, rules: Rules = Rules()) -> dict[str, pa.Table]:
    """The core marts, row ledger and quarantine that the files of a landing folder must give."""
    inactivity = {"delivered": False, "inactivity": True}[rules.session_source]
    minutes = rules.session_timeout_minutes
    if inactivity and minutes is None:
        minutes = 30
    candidates, files, quarantine = fates(Path(landing), rules)
    with duckdb.connect() as db:
        db.register("candidates", candidates)
        db.register("files", files)
        db.register("quarantine", quarantine)
        db.execute(ACCEPTED)
        timeout = None if minutes is None else minutes * MINUTE
        db.execute(SESSIONIZED, pauses(inactivity, timeout, rules.missing_session_timeout_minutes))
        sessions = db.execute("select distinct user_id, session_id from sessionized").fetchall()
        keyed = [(user, session, spark_xxhash64(user, session)) for user, session in sessions]
        key_columns = typed("user_id bigint, session_id string, session_key bigint")
        db.register("session_keys", arrow_table(keyed, key_columns))
        db.execute(WITHOUT_COLLIDED_SESSIONS)
        db.execute(COVERAGE)
        codes = [
            code for (code,) in db.execute("select distinct category_code from accepted").fetchall()
        ]
        keyed = [(code, spark_xxhash64(code)) for code in codes]
        key_columns = typed("category_code string, category_key bigint")
        db.register("category_keys", arrow_table(keyed, key_columns))
        return {
            mart: db.sql(f"select {', '.join(columns)} from ({MARTS[mart]})")
            .to_arrow_table()
            .cast(arrow_table([], columns).schema)
            for mart, columns in CONTRACT_COLUMNS.items()
        }


# ------------------------------------------------------------------------------------ comparing


def type_name(kind: pa.DataType) -> str:
    """An Arrow type as what it means: the encoding of strings, the name of a zone don't count."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if kind in TEXTS:
        return "string"
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if pa.types.is_timestamp(kind):
        return f"timestamp[{kind.unit}]" + ("" if kind.tz else " without time zone")
    return str(kind)


def comparable(table: pa.Table, columns: pa.Schema) -> pa.Table:
    """The named columns with one encoding per type; times as UTC without a zone, for DuckDB."""
    table = table.select(columns.names).cast(columns)
    for i, field in enumerate(columns):
        if pa.types.is_timestamp(field.type):
            table = table.set_column(i, field.name, table[i].cast(pa.timestamp(field.type.unit)))
    return table


def differing(
    expected: dict[str, pa.Table],
    actual: dict[str, pa.Table],
    keys: dict[str, list[str]] = KEYS,
) -> dict[str, str]:
    """Marts that are not as expected, by name, each with what is wrong first."""
    assert set(expected) == set(keys)
    found = {name: differences(mart, actual[name], keys[name]) for name, mart in expected.items()}
    return {name: difference for name, difference in found.items() if difference}


def differences(
    expected: pa.Table, actual: pa.Table, key: list[str], tolerance: float = 1e-12
) -> str | None:
    """None when both have the same rows, else what is wrong, in words.

    All columns of `expected` are compared, by name and type; further ones of `actual` are not
    looked at. Values must be equal, doubles within the tolerance, as a share of the larger; null
    equals null only.
    """
    found = []
    for field in expected.schema:
        if field.name not in actual.schema.names:
            found.append(f"column {field.name} is missing")
            continue
        wanted, got = type_name(field.type), type_name(actual.schema.field(field.name).type)
        if wanted != got:
            found.append(f"column {field.name} is {got}, expected {wanted}")
    if found:
        return "; ".join(found)
    with duckdb.connect() as db:
        for side, table in (("expected", expected), ("actual", actual)):
            db.register(side, comparable(table, expected.schema))
            names = ", ".join(key)
            rows = db.sql(
                f"select {names} from {side} group by all having count(*) > 1 order by all"
            ).fetchall()
            if rows:
                found.append(f"{len(rows)} keys occur more than once in {side}, first {rows[0]}")
        if found:
            return "; ".join(found)

        on = " and ".join(f"e.{c} is not distinct from a.{c}" for c in key)
        of_expected, of_actual = (", ".join(f"{side}.{c}" for c in key) for side in "ea")
        missing = f"select {of_expected} from expected e anti join actual a on {on} order by all"
        extra = f"select {of_actual} from actual a anti join expected e on {on} order by all"
        for word, query in (("missing", missing), ("extra", extra)):
            if rows := db.sql(query).fetchall():
                at = dict(zip(key, rows[0], strict=True))
                found.append(f"{len(rows)} rows {word}, first {at}")
        for field in expected.schema:
            e, a = f"e.{field.name}", f"a.{field.name}"
            differs = f"{e} is distinct from {a}"
            if pa.types.is_floating(field.type):
                near = f"abs({e} - {a}) <= {tolerance} * greatest(abs({e}), abs({a}))"
                differs += f" and not coalesce({near} and isfinite({e}) and isfinite({a}), false)"
            rows = db.sql(
                f"select {of_expected}, {e}, {a} from expected e join actual a on {on} "
                f"where {differs} order by {of_expected}"
            ).fetchall()
            if rows:
                *values, wanted, got = rows[0]
                at = dict(zip(key, values, strict=True))
                found.append(
                    f"{field.name} differs in {len(rows)} rows, first at {at}: "
                    f"expected {wanted!r}, got {got!r}"
                )
    return "; ".join(found) or None
