"""Known answers, worked out by hand, for the independent check itself.

The models are compared with `oracle.core_marts`; these tests say why that can be believed.
"""

import gzip
import hashlib
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests import oracle
from tests.helpers.warehouse import REAL_ROWS
from tests.oracle import KEYS, Quarantined, Rules, core_marts, differences, spark_xxhash64

HEADER = ",".join(oracle.COLUMNS)


def event(**values: str) -> dict[str, str]:
    """One landed row: a view of product 1 by user 7, with what is given replaced."""
    row = {"event_time": "2019-10-05 10:00:00 UTC", "event_type": "view", "product_id": "1"}
    row |= {"category_id": "10", "category_code": "a.b", "brand": "acme", "price": "1.00"}
    row |= {"user_id": "7", "user_session": "s"}
    assert set(values) <= set(row)
    return row | values


def csv_text(*events: dict[str, str]) -> str:
    """Events as CSV; no value here needs quotes."""
    return "\n".join([HEADER, *(",".join(e[c] for c in oracle.COLUMNS) for e in events), ""])


@pytest.fixture
def landing(tmp_path):
    folder = tmp_path / "landing"
    folder.mkdir()
    return folder


@pytest.fixture
def build(landing):
    """A function from events (and rules) to marts."""

    def run(*events: dict[str, str], **rules) -> dict[str, list[dict]]:
        (landing / "events.csv").write_text(csv_text(*events))
        return rows_of(landing, **rules)

    return run


def rows_of(landing: Path, **rules) -> dict[str, list[dict]]:
    """The marts as lists of rows, each in the order of its key."""
    marts = core_marts(landing, Rules(**rules))
    return {
        name: table.sort_by([(c, "ascending") for c in KEYS[name]]).to_pylist()
        for name, table in marts.items()
    }


def one(rows: list[dict]) -> dict:
    assert len(rows) == 1
    return rows[0]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def fates(ledger_row: dict) -> tuple[int, ...]:
    """(read, accepted, duplicate, out of window, quarantined)"""
    names = ("read", "accepted", "duplicate", "out_of_window", "quarantined")
    return tuple(ledger_row[f"rows_{name}"] for name in names)


# ------------------------------------------------------------------------------------- keys

# What pyspark 4.2.0 says (session time zone UTC), e.g. for the first:
# select xxhash64(timestamp'2019-10-01', 5L, 7L, 'view', cast(35.79 as decimal(12,2)))
EVENT_KEYS = [
    ("2019-10-01", 5, 7, "view", "35.79", -1472794437323695045),
    ("2019-10-01 00:00:00.123456", -999999, -1, "unknown", "0", 4888386423328922265),
    ("1969-12-31 23:59:59.5", 541312140, 44600062, "purchase", "10000", 2374435515428702988),
]
SESSION_KEYS = [
    (541312140, "72d76fde-8bb3-4e00-8c23-a032dfed738c", 3185109455489138177),
    (-999999, "unknown_session_-999999", 1944985106415608471),
    (1, "schlüssel😀", 7236231337683305222),
]


@pytest.mark.parametrize(("time", "user", "product", "kind", "price", "key"), EVENT_KEYS)
def test_event_key_is_spark_s(build, time, user, product, kind, price, key):
    time = time if " " in time else f"{time} 00:00:00"
    marts = build(
        event(event_time=time, user_id=str(user), product_id=str(product))
        | {"event_type": kind, "price": price},
        window_start=None,
    )
    assert one(marts["fct_events"])["event_key"] == key


@pytest.mark.parametrize(("user", "session", "key"), SESSION_KEYS)
def test_session_key_is_spark_s(build, user, session, key):
    assert spark_xxhash64(user, session) == key
    marts = build(event(user_id=str(user), user_session=session))
    assert one(marts["dim_sessions"])["session_key"] == key
    assert one(marts["fct_events"])["session_key"] == key


# --------------------------------------------------------------------------------- cleaning

NOON = 1569931200_000000  # 2019-10-01 12:00:00 UTC


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("2019-10-01 12:00:00 UTC", NOON),
        ("2019-10-01 12:00:00", NOON),
        ("2019-10-01T12:00:00Z", NOON),
        ("2019-10-01 15:00:00+03:00", NOON),
        ("2019-10-01 15:00:00+0300", NOON),
        ("2019-10-01T15:00:00+03", NOON),
        ("2019-10-01 08:30:00-03:30", NOON),
        ("\u3000 2019-10-01 12:00:00 UTC\u00a0", NOON),
        ("2019-10-01 12:00:00.5 UTC", NOON + 500_000),
        ("2019-10-01 12:00:00.1234569Z", NOON + 123_456),
        ("2019-10-02 00:30:00+12:30", NOON),
        ("1969-12-31 23:59:59.9999999", -1),
        ("2020-02-29 00:00:00", 1582934400_000000),
    ],
)
def test_event_times_that_count(text, micros):
    assert oracle.event_time(text) == micros


@pytest.mark.parametrize(
    "text",
    ["12:30", "2019-10-01", "2019-10-01 12:00", "2019-02-29 12:00:00", "2019-10-01 24:00:00"]
    + ["2019-10-01 12:00:60", "2019-10-01 12:00:00.", "2019-10-01 12:00:00 CET", "1569931200"]
    + ["2019-10-01 12:00:00,5", "2019-1-1 12:00:00", "2019-10-01 12:00:00+03:60", "2019-13-01"]
    + ["2019-10-01 12:00:00 UTC x", "٢019-10-01 12:00:00", "nan"],
)
def test_event_times_that_do_not_count(text):
    with pytest.raises(Quarantined, match="^bad_event_time$"):
        oracle.event_time(text)


@pytest.mark.parametrize("text", ["", " \u2003", "NULL", " null ", None])
def test_no_event_time(text):
    with pytest.raises(Quarantined, match="^missing_event_time$"):
        oracle.event_time(text)
    assert oracle.event_time(text, "2019-10-01 12:00:00") == NOON


@pytest.mark.parametrize(
    ("text", "cents"),
    [("0.005", 1), ("0.0049999", 0), ("35.795", 3580), ("35.785", 3579), ("1e2", 10000)]
    + [("35", 3500), ("35.", 3500), (".5", 50), ("+5", 500), ("1.5E-1", 15), ("NaN", 0)]
    + [
        ("-1", 0),
        ("-0.001", 0),
        ("10000.01", 1_000_000),
        ("10000", 1_000_000),
        ("1e999", 1_000_000),
    ]
    + [("9999.995", 1_000_000), ("9999.994", 999_999), ("", 0), (" ", 0), ("Null", 0), (None, 0)]
    + [("2.675", 268), ("0e5", 0), (" 7 ", 700)],
)
def test_prices_that_count(text, cents):
    value = oracle.price(text)
    assert value * 100 == cents
    assert value.as_tuple().exponent == -2


@pytest.mark.parametrize(
    "text",
    ["5f", "abc", ".", "1,5", "inf", "-Infinity", "1e", "e2", "0x1A", "1_0", "$5", "٥", "--1"],
)
def test_prices_that_do_not_count(text):
    with pytest.raises(Quarantined, match="^bad_price$"):
        oracle.price(text)


@pytest.mark.parametrize(
    ("value", "number"),
    [("5", 5), ("+5", 5), ("-5", -5), ("5.0", 5), ("007", 7), (" 5\u2009", 5), ("", -1)]
    + [("null", -1), (None, -1), ("9223372036854775807", 2**63 - 1)]
    + [("-9223372036854775808", -(2**63)), ("0" * 30 + "5", 5), (5, 5), (5.0, 5), (1e16, 10**16)]
    + [(Decimal("5.00"), 5)],
)
def test_ids_that_count(value, number):
    assert oracle.event_id(value, -1, "bad") == number
    assert oracle.category_id(value) == number


@pytest.mark.parametrize(
    "value",
    ["1.9", "5f", "1e3", "5.", "5.00", ".0", "x", "9223372036854775808", "-9223372036854775809"]
    + ["1 2", "nan", 1.9, float("nan"), float("inf"), 2.0**63, Decimal("5.5"), True, "٥"],
)
def test_ids_that_do_not_count(value):
    with pytest.raises(Quarantined, match="^bad_user_id$"):
        oracle.event_id(value, -1, "bad_user_id")
    assert oracle.category_id(value) == -1


@pytest.mark.parametrize(
    ("value", "result"),
    [("  Acme ", "acme"), ("\u0085\u00a0Acme\u2028\u3000\t\v\f", "acme"), ("ÄÖ", "äö")]
    + [("\u200bacme", "\u200bacme"), ("\x1cacme", "\x1cacme"), ("NULL", "null"), ("a  b", "a  b")]
    + [("İ", "i̇"), ("ΑΣ", "ας"), ("", "none"), ("\u2003", "none"), (None, "none")],
)
def test_text(value, result):
    assert oracle.text(value, "none", lower=True) == result


def test_defaults_and_case(build):
    blank = dict.fromkeys(oracle.COLUMNS, " ") | {"event_time": "2019-10-05 10:00:00"}
    marts = build(blank, event(event_type=" VIEW", brand="Sony", category_code="A.B"))
    anonymous, known = sorted(marts["fct_events"], key=lambda e: e["user_id"])
    assert (anonymous["user_id"], anonymous["product_id"]) == (-999999, -1)
    assert (anonymous["event_type"], anonymous["price"]) == ("unknown", Decimal("0.00"))
    assert known["event_type"] == "view"
    sessions = {s["session_id"]: s for s in marts["dim_sessions"]}
    assert sessions.keys() == {f"unknown_session_-999999@{anonymous['event_key']}", "s"}
    product = {p["product_id"]: p for p in marts["dim_products"]}
    attributes = ("brand", "category_code", "category_id")
    assert [product[-1][a] for a in attributes] == ["unknown_brand", "uncategorized", -1]
    assert [product[1][a] for a in attributes] == ["sony", "A.B", 10]


def test_unknown_session_is_named_after_the_cleaned_user(build):
    marts = build(event(user_id="+07.0", user_session=""))
    assert one(marts["dim_sessions"])["session_id"] == f"unknown_session_7@{START}"


def test_event_time_default_is_for_missing_times_only(build):
    rows = [event(event_time="null"), event(event_time="12:30")]
    marts = build(*rows, event_time_default="2019-10-01 00:00:00")
    assert one(marts["fct_events"])["event_time"] == at("2019-10-01")
    assert [q["reason"] for q in marts["quarantined_events"]] == ["bad_event_time"]
    marts = build(*rows)
    reasons = [q["reason"] for q in marts["quarantined_events"]]
    assert reasons == ["missing_event_time", "bad_event_time"]


def test_first_reason_in_the_order_of_the_contract_counts(build):
    bad = {"event_time": "x", "user_id": "x", "product_id": "x", "price": "x"}
    rows = []
    for name in list(bad):
        rows.append(event(**bad))
        del bad[name]
    marts = build(*rows, event(category_id="x"))
    assert [(q["row_number"], q["reason"]) for q in marts["quarantined_events"]] == [
        (1, "bad_event_time"),
        (2, "bad_user_id"),
        (3, "bad_product_id"),
        (4, "bad_price"),
    ]
    assert fates(one(marts["row_ledger"])) == (5, 1, 0, 0, 4)


# ------------------------------------------------------------------------------------ files


def test_header_in_any_case_and_order_with_byte_order_mark(landing):
    header = '\ufeff" USER_ID ",Product_ID,color,EVENT_type,event_TIME'
    (landing / "a.csv").write_bytes(f"{header}\r\n7,1,red,View,2019-10-05 10:00:00\r\n".encode())
    marts = rows_of(landing)
    got = one(marts["fct_events"])
    assert (got["user_id"], got["product_id"], got["event_type"]) == (7, 1, "view")
    assert got["event_time"] == at("2019-10-05 10:00:00")
    assert one(marts["dim_products"])["brand"] == "unknown_brand"


@pytest.mark.parametrize("missing", ["event_time", "event_type", "product_id", "user_id"])
def test_file_without_a_required_column_is_not_in_the_ledger(landing, missing):
    text = csv_text(event())
    (landing / "bad.csv").write_text(text.replace(missing, "other", 1))
    (landing / "good.csv").write_text(text)
    assert one(rows_of(landing)["row_ledger"])["source_file"] == "good.csv"


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.csv", b""), ("a.csv", b"\n\n"), ("a.csv.gz", b"\x1f\x8bnot"), ("a.parquet", b"PAR1")]
    + [("a.zip", b"PK"), ("a.csv.gz", gzip.compress(csv_text(event()).encode())[:-9])]
    + [("a.txt", csv_text(event()).encode()), ("a.csv", csv_text(event()).encode("utf-16"))],
)
def test_unreadable_files_are_not_in_the_ledger(landing, name, data):
    (landing / name).write_bytes(data)
    marts = rows_of(landing)
    assert [name for name, rows in marts.items() if rows] == ["data_coverage"]


def test_empty_landing_gives_empty_tables_of_the_right_types(landing):
    marts = core_marts(landing)
    assert list(marts) == list(oracle.CONTRACT_COLUMNS) == list(KEYS)
    # What is covered is a row all the same.
    assert {name for name, table in marts.items() if table.num_rows} == {"data_coverage"}
    fact = marts["fct_events"].schema
    assert fact.field("price").type == pa.decimal128(12, 2)
    assert fact.field("event_time").type == pa.timestamp("us", "UTC")
    assert fact.field("time_key").type == pa.int32()


def test_file_with_a_header_only_is_in_the_ledger(build):
    assert fates(one(build()["row_ledger"])) == (0, 0, 0, 0, 0)


def test_rows_that_are_none(landing):
    good = b"2019-10-05 10:00:0%d,view,1,10,a.b,acme,1.00,7,s"
    lines = [HEADER.encode(), good % 0, b"", b"2019-10-05 10:00:00,view", b" \t", good % 1]
    lines += [good % 2 + b",more", good.replace(b"acme", b"acm\xe9") % 3, b"x,\xff,1,,,,x,x,x"]
    lines += [good.replace(b"acme", b'"ac,""m""\ne"') % 4, b"12:30,view,1,10,a.b,acme,1.00,7,s"]
    (landing / "a.csv").write_bytes(b"\r\n".join(lines))
    marts = rows_of(landing)
    assert [(q["row_number"], q["reason"]) for q in marts["quarantined_events"]] == [
        (2, "bad_row"),
        (4, "bad_row"),
        (5, "bad_row"),
        (6, "bad_row"),
        (8, "bad_event_time"),
    ]
    assert fates(one(marts["row_ledger"])) == (8, 3, 0, 0, 5)
    assert one(marts["dim_products"])["brand"] == 'ac,"m"\ne'


def test_same_content_counts_once_under_its_smallest_name(landing):
    data = csv_text(event(), event(price="x")).encode()
    (landing / "b").mkdir()
    for name in ("c.csv", "b/z.csv"):
        (landing / name).write_bytes(data)
    with zipfile.ZipFile(landing / "b.zip", "w") as archive:
        archive.writestr("z.csv", data)
        archive.writestr("a.csv", data)
    marts = rows_of(landing)
    ledger = one(marts["row_ledger"])
    assert ledger["source_file"] == "b.zip/a.csv"  # "." comes before "/"
    assert ledger["file_sha256"] == hashlib.sha256(data).hexdigest()
    assert fates(ledger) == (2, 1, 0, 0, 1)
    assert one(marts["quarantined_events"])["source_file"] == "b.zip/a.csv"


def test_other_bytes_with_the_same_rows_are_duplicates_of_the_smallest_sha256(landing):
    plain = csv_text(event()).encode()
    files = [(plain, "csv"), (plain + b"\n", "csv"), (gzip.compress(plain), "csv.gz")]
    files.sort(key=lambda file: hashlib.sha256(file[0]).digest(), reverse=True)
    for letter, (data, suffix) in zip("abc", files, strict=True):  # the first name loses
        (landing / f"{letter}.{suffix}").write_bytes(data)
    ledger = sorted(rows_of(landing)["row_ledger"], key=lambda row: row["source_file"])
    assert [row["source_file"][0] for row in ledger] == ["a", "b", "c"]
    assert [fates(row) for row in ledger] == [(1, 0, 1, 0, 0), (1, 0, 1, 0, 0), (1, 1, 0, 0, 0)]
    assert [row["file_sha256"] for row in ledger] == [
        hashlib.sha256(data).hexdigest() for data, _ in files
    ]


def test_zip_members_of_every_format_are_files_of_their_own(landing):
    text = [csv_text(event(product_id=str(i))).encode() for i in range(3)]
    table = pa.table(
        {c: ["2019-10-05 10:00:00" if c == "event_time" else "9"] for c in oracle.COLUMNS}
    )
    pq.write_table(table, sink := pa.BufferOutputStream())
    members = {"a.csv": text[0], "in/b.csv.gz": gzip.compress(text[1]), "c.txt": text[2]}
    members["d.parquet"] = sink.getvalue().to_pybytes()
    with zipfile.ZipFile(landing / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    marts = rows_of(landing)
    del members["c.txt"]
    assert {row["source_file"]: row["file_sha256"] for row in marts["row_ledger"]} == {
        f"x.zip/{name}": hashlib.sha256(data).hexdigest() for name, data in members.items()
    }
    assert {e["product_id"] for e in marts["fct_events"]} == {0, 1, 9}


def test_parquet_obeys_the_rules_by_value(landing):
    table = pa.table(
        {
            "Event_Time": pa.array(
                [-1, 1570269600_123456_789, None], pa.timestamp("ns", "Asia/Tokyo")
            ),
            "event_type": pa.array(["VIEW", "Cart ", None]).dictionary_encode(),
            "product_id": pa.array([1.0, 2.0, 2.5]),
            "category_id": pa.array([Decimal("7.00"), Decimal("7.50"), None], pa.decimal128(9, 2)),
            "category_code": pa.nulls(3),
            "brand": pa.array(["Sony", " ", "x"], pa.large_string()),
            "price": pa.array([35.795, 0.005, 1.0], pa.float32()),
            "user_id": pa.array([7, None, 9], pa.int32()),
            "user_session": pa.array([b"s", b"t", b"\xff"], pa.binary()),
        }
    )
    pq.write_table(table, landing / "a.parquet")
    marts = rows_of(landing, window_start=None)
    first, second = sorted(marts["fct_events"], key=lambda e: e["event_time"])
    assert first["event_time"] == at("1969-12-31 23:59:59.999999")
    assert second["event_time"] == at("2019-10-05 10:00:00.123456")
    assert (first["price"], second["price"]) == (Decimal("35.80"), Decimal("0.01"))
    assert (second["user_id"], second["event_type"]) == (-999999, "cart")
    products = {p["product_id"]: p for p in marts["dim_products"]}
    assert (products[1]["category_id"], products[2]["category_id"]) == (7, -1)
    assert (products[1]["brand"], products[2]["brand"]) == ("sony", "unknown_brand")
    assert [(q["row_number"], q["reason"]) for q in marts["quarantined_events"]] == [(3, "bad_row")]


@pytest.mark.parametrize(
    "prices",
    [
        pa.array([35.795, float("nan"), -1.0, 1e5, float("inf"), None]),
        pa.array([35.795, float("nan"), -1.0, 1e5, float("inf"), None], pa.float32()),
        pa.array(["35.795", "nan", "-1", "1e5", "inf", None], pa.string_view()),
    ],
)
def test_parquet_prices(landing, prices):
    times = pa.array([f"2019-10-05 10:00:0{i}" for i in range(6)])
    columns = {"event_time": times, "event_type": times, "user_id": range(6), "price": prices}
    pq.write_table(pa.table(columns | {"product_id": range(6)}), landing / "a.parquet")
    marts = rows_of(landing)
    got = {e["product_id"]: str(e["price"]) for e in marts["fct_events"]}
    assert got == {0: "35.80", 1: "0.00", 2: "0.00", 3: "10000.00", 5: "0.00"}
    quarantined = one(marts["quarantined_events"])
    assert (quarantined["row_number"], quarantined["reason"]) == (5, "bad_price")


# ------------------------------------------------------------------------------------- fates


def test_window_includes_both_bounds(build):
    times = ["2019-09-30 23:59:59.999999", "2019-10-01 00:00:00", "2020-04-30 23:59:59.999999"]
    times += ["2020-05-01 00:00:00", "2019-10-01 00:30:00+01:00"]
    events = [event(event_time=time) for time in times]
    months = {"window_start": date(2019, 10, 1), "window_end": date(2020, 4, 30)}
    marts = build(*events, **months)
    assert fates(one(marts["row_ledger"])) == (5, 2, 0, 3, 0)
    assert {e["event_time"] for e in marts["fct_events"]} == {
        at("2019-10-01"),
        at("2020-04-30 23:59:59.999999"),
    }
    for bound, found in (("window_start", (5, 4, 0, 1, 0)), ("window_end", (5, 3, 0, 2, 0))):
        assert fates(one(build(*events, **months | {bound: None})["row_ledger"])) == found
    assert fates(one(build(*events)["row_ledger"])) == (5, 5, 0, 0, 0), "open by default"
    marts = build(*events, window_start=date(2020, 5, 1), window_end=date(2020, 5, 1))
    assert fates(one(marts["row_ledger"])) == (5, 1, 0, 4, 0)


def test_the_default_window_is_of_a_century(build):
    times = ["1999-12-31 23:59:59", "2000-01-01 00:00:00", "2099-12-31 23:59:59"]
    events = [event(event_time=time) for time in [*times, "2100-01-01 00:00:00"]]
    assert fates(one(build(*events)["row_ledger"])) == (4, 2, 0, 2, 0)


@pytest.mark.parametrize("window", ["preset: rees46", "window: {start: 2019-10-01}"])
def test_a_description_narrows_the_window_of_its_files(build, landing, window):
    (landing / "sources").mkdir()
    (landing / "sources" / "a.yml").write_text(f'files: ["ev*"]\n{window}\n')
    events = [event(event_time=f"2019-{day} 00:00:00") for day in ("09-30", "10-01", "10-02")]
    assert fates(one(build(*events)["row_ledger"])) == (3, 2, 0, 1, 0)
    narrow = build(*events, window_start=date(2019, 10, 2))
    assert fates(one(narrow["row_ledger"])) == (3, 1, 0, 2, 0), "both have to hold it"
    (landing / "sources" / "a.yml").write_text(f'files: ["other*"]\n{window}\n')
    assert fates(one(build(*events)["row_ledger"])) == (3, 3, 0, 0, 0)


def test_fates_in_their_precedence(build):
    out = event(event_time="1999-09-01 00:00:00")
    marts = build(out, out, out | {"price": "x"}, event(), event(), event(user_session="t"))
    assert fates(one(marts["row_ledger"])) == (6, 1, 2, 2, 1)


@pytest.mark.parametrize(
    ("smaller", "larger"),
    [
        ({"user_session": "Z", "category_id": "11"}, {"user_session": "a"}),
        ({"user_session": "z"}, {"user_session": "é"}),
        ({"user_session": "\uffee"}, {"user_session": "😀"}),  # UTF-8 order is not UTF-16 order
        ({"category_id": "9", "category_code": "b"}, {"category_id": "10", "category_code": "a"}),
        ({"category_id": ""}, {"category_id": "0"}),
        ({"category_code": "a", "brand": "b"}, {"category_code": "b", "brand": "a"}),
        ({"brand": "acme"}, {"brand": ""}),  # unknown_brand
        ({"brand": ""}, {"brand": "v"}),
    ],
)
@pytest.mark.parametrize("swap", [False, True])
def test_smallest_of_duplicates_survives(build, smaller, larger, swap):
    events = [event(**smaller), event(**larger)]
    marts = build(*(reversed(events) if swap else events))
    alone = build(event(**smaller))
    assert fates(one(marts["row_ledger"])) == (2, 1, 1, 0, 0)
    for mart in ("fct_events", "dim_sessions", "dim_products"):
        assert marts[mart] == alone[mart]


@pytest.mark.parametrize(
    "other",
    [
        {"event_time": "2019-10-05 10:00:00.000001"},
        {"user_id": "8"},
        {"product_id": "2"},
        {"event_type": "cart"},
        {"price": "1.01"},
    ],
)
def test_rows_that_differ_in_a_cleaned_value_are_no_duplicates(build, other):
    assert fates(one(build(event(), event(**other))["row_ledger"])) == (2, 2, 0, 0, 0)


def test_rows_that_agree_after_cleaning_are_duplicates(build):
    same = {
        "event_time": "2019-10-05T13:00:00.0000009+03",
        "event_type": " View ",
        "price": "0.995",
    }
    same |= {"product_id": "+1", "user_id": "7.0"}
    assert fates(one(build(event(), event(**same))["row_ledger"])) == (2, 1, 1, 0, 0)


# ---------------------------------------------------------------------------------- sessions


def test_session_over_midnight(build):
    day1, day2 = "2019-10-05 23:59:59.6", "2019-10-06 00:00:01.2"
    marts = build(
        event(event_time=day1),
        event(event_time=day1, product_id="2", category_code="c", price="2.50"),
        event(event_time=day2, event_type="cart"),
        event(event_time=day2, event_type="purchase", price="9.99"),
        event(event_time=day2, event_type="", product_id="3", category_code=""),
        event(event_time=day2, event_type="remove"),
    )
    assert one(marts["dim_sessions"]) == {
        "session_key": spark_xxhash64(7, "s"),
        "user_id": 7,
        "session_id": "s",
        "session_start": at("2019-10-05 23:59:59.600"),
        "session_end": at("2019-10-06 00:00:01.200"),
        "duration_seconds": 1,
        "total_events": 6,
        "total_views": 2,
        "total_carts": 1,
        "total_purchases": 1,
        "total_removals": 0,
        "total_unknown": 1,
        "total_other": 1,
        "total_spent": Decimal("9.99"),
        "unique_products": 3,
        "unique_categories": 2,  # none is no category
        "conversion_rate": 50.0,
        "has_purchased": True,
        "is_anonymous": False,
        "has_unknown_events": True,
    }
    assert {str(e["event_date"]) for e in marts["fct_events"]} == {"2019-10-05", "2019-10-06"}
    assert {e["time_key"] for e in marts["fct_events"]} == {2019100523, 2019100600}
    assert len(marts["dim_time"]) == 48


def test_one_event_session_without_a_view(build):
    session = one(build(event(event_type="purchase", user_id=""))["dim_sessions"])
    assert session["session_start"] == session["session_end"] == at("2019-10-05 10:00:00")
    assert (session["duration_seconds"], session["conversion_rate"]) == (0, 0.0)
    assert (session["is_anonymous"], session["has_unknown_events"]) == (True, False)
    session = one(build(event())["dim_sessions"])
    assert (session["total_spent"], session["has_purchased"]) == (Decimal("0.00"), False)


def test_session_id_of_two_users_is_two_sessions(build):
    marts = build(event(), event(user_id="8"))
    assert [s["session_key"] for s in marts["dim_sessions"]] == sorted(
        spark_xxhash64(user, "s") for user in (7, 8)
    )


def session_ids(marts: dict) -> dict[tuple[int, str], int]:
    """(user, session id) -> events; the references of the fact are checked on the way."""
    keys = {s["session_key"]: s for s in marts["dim_sessions"]}
    assert {e["session_key"] for e in marts["fct_events"]} == set(keys)
    assert all(e["user_id"] == keys[e["session_key"]]["user_id"] for e in marts["fct_events"])
    return {(s["user_id"], s["session_id"]): s["total_events"] for s in keys.values()}


START = 1570269600  # 2019-10-05 10:00:00 UTC


@pytest.mark.parametrize(
    ("second", "parts"),
    [
        ("10:30:00.250", {(7, f"s@{START}"): 2}),
        ("10:30:00.250001", {(7, f"s@{START}"): 1, (7, f"s@{START + 1800}"): 1}),
        ("10:30:01.250", {(7, f"s@{START}"): 1, (7, f"s@{START + 1801}"): 1}),
    ],
)
def test_pause_strictly_longer_than_the_timeout_splits(build, second, parts):
    first, second = (event(event_time=f"2019-10-05 {t}") for t in ("10:00:00.250", second))
    assert session_ids(build(second, first, session_timeout_minutes=30)) == parts
    assert session_ids(build(second, first)) == {(7, "s"): 2}


def test_timeout_looks_at_pauses_within_a_delivered_session(build):
    times = ["10:00:00", "10:00:00", "10:20:00", "10:40:00", "11:10:01", "11:10:01"]
    events = [event(event_time=f"2019-10-05 {t}", price=str(i)) for i, t in enumerate(times)]
    events.append(event(event_time="2019-10-05 10:50:00", user_session="t"))
    events += [events[0] | {"user_id": ""}, events[4] | {"user_id": ""}]
    ids = session_ids(build(*events, session_timeout_minutes=30))
    assert ids == {
        (7, f"s@{START}"): 4,
        (7, f"s@{START + 4201}"): 2,
        (7, f"t@{START + 3000}"): 1,
        (-999999, f"s@{START}"): 1,
        (-999999, f"s@{START + 4201}"): 1,
    }


@pytest.mark.parametrize(("timeout", "limit"), [(None, 30), (30, 30), (1, 1)])
def test_inactivity_ignores_delivered_ids_but_for_anonymous_users(build, timeout, limit):
    times = ["10:00:00", f"10:{limit:02}:00", f"10:{2 * limit:02}:01".replace("10:60", "11:00")]
    events = [event(event_time=f"2019-10-05 {t}", user_session=f"s{t}") for t in times]
    events += [event(event_time=f"2019-10-05 {t}", user_id="") for t in ("00:00:00", "23:00:00")]
    events += [event(event_time="2019-10-05 23:00:00", user_id="", user_session="t")]
    events[-1]["price"] = "2"
    events.append(event(user_id="8"))
    rules = {"session_source": "inactivity", "session_timeout_minutes": timeout}
    assert session_ids(build(*events, **rules)) == {
        (7, f"7@{START}"): 2,
        (7, f"7@{START + 2 * limit * 60 + 1}"): 1,
        (8, f"8@{START}"): 1,
        (-999999, "s"): 2,
        (-999999, "t"): 1,
    }


def test_session_start_before_1970_is_floored(build):
    early = event(event_time="1969-12-31 23:59:58.5")
    ids = session_ids(build(early, window_start=None, session_timeout_minutes=30))
    assert ids == {(7, "s@-2"): 1}


def test_rows_without_a_session_are_cut_by_pauses_of_their_user(build):
    times = ["10:00:00", "10:30:00", "11:00:00.000001", "10:20:00"]
    events = [event(event_time=f"2019-10-05 {t}", user_session="") for t in times]
    events[-1]["user_id"] = "8"
    named = event(event_time="2019-10-05 10:45:00", user_session="unknown_session_7")
    ids = session_ids(build(*events, named, session_timeout_minutes=600))
    assert ids == {
        (7, f"unknown_session_7@{START}"): 2,
        (7, f"unknown_session_7@{START + 3600}"): 1,
        (7, f"unknown_session_7@{START + 2700}"): 1,
        (8, f"unknown_session_8@{START + 1200}"): 1,
    }


def test_a_row_with_neither_user_nor_session_is_a_session_of_its_own(build):
    nobody = {"user_id": "", "user_session": ""}
    marts = build(event(**nobody), event(**nobody, price="2"))
    keys = {e["event_key"] for e in marts["fct_events"]}
    assert session_ids(marts) == {(-999999, f"unknown_session_-999999@{key}"): 1 for key in keys}


def test_of_duplicates_of_one_file_a_delivered_session_survives_a_missing_one(build):
    missing, named = event(user_session=""), event(user_session="unknown_session_7")
    for events in ([missing, named], [named, missing]):
        assert session_ids(build(*events)) == {(7, "unknown_session_7"): 1}


def test_event_types_count_by_the_name_they_stand_for(build):
    events = [event(event_type=kind) for kind in ("AddToCart", "remove_from_cart", "search", "")]
    user = one(build(*events, event_type_names={"addtocart": "cart"})["dim_users"])
    counts = [user[f"total_{n}"] for n in ("events", "carts", "removals", "unknown", "other")]
    assert counts == [4, 1, 1, 1, 1]


# ----------------------------------------------------------------------------------- coverage


def covered(build, **events: int) -> dict[str, tuple[bool, bool]]:
    """By date, for so many events of dates written _20191001: delivered, whole."""
    rows = [
        event(event_time=f"{day[1:5]}-{day[5:7]}-{day[7:]} 12:00:00", price=str(number))
        for day, count in events.items()
        for number in range(count)
    ]
    dates = build(*rows, window_end=None)["event_dates"]
    return {f"_{d['event_date']:%Y%m%d}": (d["is_delivered"], d["is_whole"]) for d in dates}


def test_many_stray_dates_do_not_outvote_one_real_one(build):
    stray = [f"_2020010{day}" for day in (1, 3, 5, 7, 9)]
    held = covered(build, _20191010=200, **dict.fromkeys(stray, 1))
    assert held.pop("_20191010") == (True, False)
    assert held == dict.fromkeys(stray, (False, False))


def test_a_run_is_delivered_when_one_of_its_dates_has_a_hundredth_of_the_typical_date(build):
    held = covered(build, _20191001=1, _20191002=2, _20191004=1, _20191010=200, _20191012=1)
    assert [day for day, (is_delivered, _) in held.items() if is_delivered] == [
        "_20191001",
        "_20191002",
        "_20191010",
    ]


def test_the_data_ends_with_the_last_event_of_the_last_delivered_date(build):
    times = ["10-01 00:59:59", "10-01 12:00:00", "10-02 12:00:00", "10-03 22:59:59"]
    marts = build(*(event(event_time=f"2019-{t}") for t in times))
    assert one(marts["data_coverage"]) == {
        "begins_at": at("2019-10-01 00:59:59"),
        "ends_at": at("2019-10-03 22:59:59"),
        "first_delivered_date": date(2019, 10, 1),
        "last_delivered_date": date(2019, 10, 3),
        "typical_events": 1,
        "dates_delivered": 3,
        "dates_whole": 2,
        "dates_stray": 0,
    }


def test_a_stray_date_has_the_hours_of_its_events_and_is_listed_with_its_file(build):
    near = [event(price=str(number)) for number in range(101)]
    marts = build(*near, event(event_time="2020-04-01 03:00:00"))
    assert [h["time_key"] for h in marts["dim_time"]][23:] == [2019100523, 2020040103]
    stray = one(marts["stray_dates"])
    assert (stray["event_date"], stray["total_rows"]) == (date(2020, 4, 1), 1)


# -------------------------------------------------------------------- users, products, hours


@pytest.mark.parametrize(
    ("sessions", "segment"),
    [(1, "One-time User"), (2, "Occasional User"), (4, "Occasional User"), (5, "Active User")]
    + [(9, "Active User"), (10, "Power User"), (11, "Power User")],
)
def test_user_segments(build, sessions, segment):
    events = [event(user_session=str(i), price=str(i)) for i in range(sessions)]
    user = one(build(*events)["dim_users"])
    assert (user["total_sessions"], user["user_segment"]) == (sessions, segment)
    assert user["is_anonymous"] is False
    user = one(build(*(e | {"user_id": ""} for e in events))["dim_users"])
    assert (user["total_sessions"], user["user_segment"]) == (sessions, "Anonymous")
    assert (user["user_id"], user["is_anonymous"]) == (-999999, True)


def test_user_totals(build):
    marts = build(
        event(event_time="2019-10-05 10:00:00"),
        event(event_time="2019-10-07 10:00:00", event_type="purchase", price="2.50"),
        event(event_time="2019-10-06 10:00:00", event_type="purchase", price="2.50"),
        event(event_time="2019-10-06 11:00:00", event_type="cart", price="99"),
        event(event_time="2019-10-06 12:00:00", event_type=""),
        event(user_id="8"),
    )
    seven, eight = marts["dim_users"]
    assert seven == {
        "user_id": 7,
        "first_seen_at": at("2019-10-05 10:00:00"),
        "last_seen_at": at("2019-10-07 10:00:00"),
        "total_sessions": 1,
        "total_events": 5,
        "total_views": 1,
        "total_carts": 1,
        "total_purchases": 2,
        "total_removals": 0,
        "total_unknown": 1,
        "total_other": 0,
        "total_spent": Decimal("5.00"),
        "user_segment": "One-time User",
        "is_anonymous": False,
    }
    assert eight["total_spent"] == Decimal("0.00")


def test_product_totals(build):
    marts = build(
        event(price="0.01"),
        event(price="0.02", event_type="purchase", event_time="2019-10-05 09:00:00"),
        event(product_id="2", price="0.01"),
        event(product_id="2", price="0.01", event_type="cart"),
        event(product_id="2", price="0.02", event_type="x"),
        event(product_id="3", price="12000"),
    )
    first, second, third = marts["dim_products"]
    assert first == {
        "product_id": 1,
        "brand": "acme",
        "category_code": "a.b",
        "category_id": 10,
        "last_price": Decimal("0.01"),
        "avg_price": Decimal("0.02"),  # 0.015, half up
        "priced_events": 2,
        "free_events": 0,
        "missing_price_events": 0,
        "total_events": 2,
        "total_views": 1,
        "total_carts": 0,
        "total_purchases": 1,
        "total_removals": 0,
        "total_unknown": 0,
        "total_other": 0,
        "total_revenue": Decimal("0.02"),
    }
    assert (second["avg_price"], second["total_revenue"]) == (Decimal("0.01"), Decimal("0.00"))
    assert (second["total_carts"], second["total_events"]) == (1, 3)
    assert third["avg_price"] == third["last_price"] == Decimal("10000.00")


def test_what_was_not_delivered_is_no_value_of_a_product(build):
    product = one(
        build(
            event(price="3", brand="", category_id="7"),
            event(event_time="2019-10-05 11:00:00", price="5", category_code="", category_id="x"),
            event(event_time="2019-10-05 12:00:00", price="0", brand=""),
            event(event_time="2019-10-05 13:00:00", price="-1", brand="Unknown_Brand"),
            event(event_time="2019-10-05 14:00:00", price="", category_code="uncategorized"),
        )["dim_products"]
    )
    assert (product["brand"], product["category_code"]) == ("acme", "a.b")
    assert (product["category_id"], product["last_price"]) == (10, Decimal("5.00"))
    assert product["avg_price"] == Decimal("4.00")
    counts = ("priced_events", "free_events", "missing_price_events")
    assert [product[name] for name in counts] == [2, 1, 2]


def test_a_product_without_any_value_has_the_defaults(build):
    bare = {"brand": "", "category_code": "", "category_id": "", "price": "nan"}
    product = one(build(event(**bare))["dim_products"])
    assert (product["brand"], product["category_code"]) == ("unknown_brand", "uncategorized")
    assert (product["category_id"], product["last_price"]) == (-1, Decimal("0.00"))
    assert product["avg_price"] == Decimal("0.00")


def test_products_and_categories_that_are_none_are_not_counted(build):
    session = one(build(event(product_id="", category_code=""))["dim_sessions"])
    assert (session["unique_products"], session["unique_categories"]) == (0, 0)


ORDER = ["event_time", "user_session", "category_id", "category_code", "brand", "event_type"]
ORDER += ["user_id", "price"]
LOW = ["2019-10-05 10:00:00", "Z", "9", "B", "b", "cart", "9", "2"]
HIGH = ["2019-10-05 10:00:01", "a", "10", "a", "c", "view", "10", "10"]


@pytest.mark.parametrize("field", range(8))
def test_latest_event_of_a_product_field_by_field(build, field):
    """The first field in which two events differ decides, whatever the later ones say."""
    older = dict(zip(ORDER, HIGH[:field] + LOW[field : field + 1] + HIGH[field + 1 :], strict=True))
    newer = dict(zip(ORDER, HIGH[: field + 1] + LOW[field + 1 :], strict=True))
    expected = event(**newer)
    for events in ([older, newer], [newer, older]):
        product = one(build(*(event(**e) for e in events))["dim_products"])
        assert product["total_events"] == 2
        assert product["brand"] == expected["brand"]
        assert product["category_code"] == expected["category_code"]
        assert product["category_id"] == int(expected["category_id"])
        assert product["last_price"] == Decimal(expected["price"])


def test_hours_from_the_first_to_the_last_day_without_gaps(build):
    hours = build(event(event_time="2019-10-04 22:15:00"), event(event_time="2019-10-07 01:00:00"))[
        "dim_time"
    ]
    assert len(hours) == 4 * 24
    assert hours[0] == {
        "time_key": 2019100400,
        "event_date": date(2019, 10, 4),
        "event_hour": 0,
        "day_of_week": 5,
        "day_name": "Friday",
        "is_weekend": False,
        "month": 10,
        "year": 2019,
    }
    assert hours[-1]["time_key"] == 2019100723
    days = [(h["day_of_week"], h["day_name"], h["is_weekend"]) for h in hours[::24]]
    assert days[1:] == [(6, "Saturday", True), (7, "Sunday", True), (1, "Monday", False)]


def test_fact_row(build):
    kind, time = "purchase", "2019-10-05 23:59:59.999999"
    marts = build(event(event_time=time, event_type=kind, price="35.79"))
    micros = 1570319999_999999
    assert one(marts["fct_events"]) == {
        "event_key": spark_xxhash64(micros, 7, 1, "purchase", 3579),
        "event_time": at(time),
        "event_date": date(2019, 10, 5),
        "time_key": 2019100523,
        "event_type": "purchase",
        "user_id": 7,
        "product_id": 1,
        "session_key": spark_xxhash64(7, "s"),
        "price": Decimal("35.79"),
        "quantity": 1,
    }


# -------------------------------------------------------------------------------- differences

TABLE = pa.table(
    {
        "k": pa.array([1, 2, 3], pa.int64()),
        "t": pa.array([0, 1, None], pa.timestamp("us", "UTC")),
        "x": pa.array([0.1, float("nan"), None]),
        "d": pa.array([Decimal("1.00"), None, Decimal("0.10")], pa.decimal128(12, 2)),
        "s": pa.array(["a", None, ""]),
    }
)


def with_column(name: str, values, kind: pa.DataType | None = None) -> pa.Table:
    index = TABLE.schema.get_field_index(name)
    return TABLE.set_column(index, name, pa.array(values, kind or TABLE.schema.field(name).type))


@pytest.mark.parametrize(
    "actual",
    [
        TABLE,
        TABLE.take([2, 0, 1]),
        TABLE.append_column("more", pa.array([1, 2, 3])),
        TABLE.select(["s", "d", "x", "t", "k"]),
        with_column("x", [0.1 + 5e-14, float("nan"), None]),
        with_column("s", ["a", None, ""], pa.string_view()),
        with_column("t", [0, 1, None], pa.timestamp("us", "Europe/Berlin")),
    ],
)
def test_equal_tables(actual):
    assert differences(TABLE, actual, ["k"]) is None


@pytest.mark.parametrize(
    ("actual", "words"),
    [
        (TABLE.slice(1), ["1 rows missing, first {'k': 1}"]),
        (TABLE.slice(0, 0), ["3 rows missing, first {'k': 1}"]),
        (
            with_column("k", [1, 2, 4]),
            ["1 rows missing, first {'k': 3}", "1 rows extra", "{'k': 4}"],
        ),
        (pa.concat_tables([TABLE, TABLE.slice(2)]), ["1 keys occur more than once in actual"]),
        (TABLE.drop_columns("s"), ["column s is missing"]),
        (with_column("k", [1, 2, 3], pa.int32()), ["column k is int32, expected int64"]),
        (with_column("d", TABLE["d"].to_pylist(), pa.decimal128(18, 2)), ["decimal(18,2)"]),
        (with_column("t", [0, 1, None], pa.timestamp("us")), ["without time zone"]),
        (with_column("t", [0, 2, None]), ["t differs in 1 rows", "{'k': 2}"]),
        (with_column("x", [0.1 + 2e-13, 0.0, None]), ["x differs in 2 rows, first at {'k': 1}"]),
        (with_column("x", [float("inf"), None, 0.0]), ["x differs in 3 rows"]),
        (with_column("d", [Decimal("1.01"), None, None]), ["d differs in 2 rows", "got", "'1.01'"]),
        (with_column("s", ["a", "", "b"]), ["s differs in 2 rows", "expected None, got ''"]),
    ],
)
def test_unequal_tables(actual, words):
    message = differences(TABLE, actual, ["k"])
    for word in words:
        assert word in message


def test_keys_of_two_columns_are_compared_as_pairs():
    table = pa.table({"a": [1, 1, 2], "b": [1, 2, 1], "v": [1, 2, 3]})
    other = pa.table({"a": [1, 1, 2], "b": [1, 2, 2], "v": [1, 9, 3]})
    assert differences(table, table, ["a", "b"]) is None
    message = differences(table, other, ["a", "b"])
    assert "missing, first {'a': 2, 'b': 1}" in message
    assert "v differs in 1 rows, first at {'a': 1, 'b': 2}: expected 2, got 9" in message


# ---------------------------------------------------------------------------------- real rows


@pytest.fixture(scope="module")
def real():
    if not (REAL_ROWS / "rees46_2019_10_head.csv").exists():
        pytest.skip(f"the 5,019 real rows are not in {REAL_ROWS}")
    return core_marts(REAL_ROWS)


def test_real_rows_have_one_fate_each(real):
    """One row was delivered four times (counted with sort | uniq)."""
    assert fates(one(real["row_ledger"].to_pylist())) == (5019, 5016, 3, 0, 0)


def test_real_figures(real):
    """The figures were counted with pandas, from the file with its duplicates dropped."""
    rows = {name: table.num_rows for name, table in real.items()}
    assert rows["dim_sessions"] == 1906
    assert rows["dim_users"] == 1755
    assert rows["dim_products"] == 2312
    assert rows["dim_time"] == 24
    products = real["dim_products"].to_pylist()
    totals = {n: sum(p[f"total_{n}"] for p in products) for n in ("views", "carts", "purchases")}
    assert totals == {"views": 4912, "carts": 50, "purchases": 54}
    most_viewed = sorted(products, key=lambda p: -p["total_views"])[:3]
    assert [p["product_id"] for p in most_viewed] == [1005115, 1004767, 1004856]
    top = max(real["dim_users"].to_pylist(), key=lambda u: u["total_spent"])
    assert (top["user_id"], top["total_spent"]) == (515384420, Decimal("1747.79"))


@pytest.mark.parametrize(
    ("mart", "money"),
    [
        ("dim_sessions", "total_spent"),
        ("dim_users", "total_spent"),
        ("dim_products", "total_revenue"),
    ],
)
def test_real_marts_add_up_to_the_fact(real, mart, money):
    fact, rows = real["fct_events"].to_pylist(), real[mart].to_pylist()
    assert sum(row["total_events"] for row in rows) == len(fact) == 5016
    revenue = sum(e["price"] for e in fact if e["event_type"] == "purchase")
    assert sum(row[money] for row in rows) == revenue == Decimal("14786.59")
