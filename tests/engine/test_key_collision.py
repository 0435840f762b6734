"""Two different events whose 64-bit keys are equal: crafted rows that must not stop the shop."""

from datetime import UTC, datetime

from tests import oracle
from tests.helpers.warehouse import Warehouse
from tests.helpers.warm import WITH_TESTS, WarmWarehouse

MASK, P1, P2, P3, P4, P5 = (
    2**64 - 1,
    0x9E3779B185EBCA87,
    0xC2B2AE3D27D4EB4F,
    0x165667B19E3779F9,
    0x85EBCA77C2B2AE63,
    0x27D4EB2F165667C5,
)
HEADER = "event_time,event_type,product_id,user_id,price,user_session"
NOON = "2019-10-01 12:00:00"


def rotated(value: int, bits: int) -> int:
    return (value << bits | value >> (64 - bits)) & MASK


def inverse(number: int) -> int:
    return pow(number, -1, 2**64)


def unshifted(value: int, bits: int) -> int:
    """The x of which `value` is x ^ x >> bits."""
    found = value
    for _ in range(64 // bits):
        found = value ^ found >> bits
    return found


def preimage(digest: int, seed: int) -> int:
    """The signed 64-bit number that xxHash64 turns into a digest: for 8 bytes it is one to one."""
    value = unshifted(digest & MASK, 32) * inverse(P3) & MASK
    value = unshifted(value, 29) * inverse(P2) & MASK
    value = unshifted(value, 33)
    value = rotated((value - P4) * inverse(P1) & MASK, 64 - 27)
    value ^= (seed + P5 + 8) & MASK
    value = rotated(value * inverse(P1) & MASK, 64 - 31) * inverse(P2) & MASK
    return value - 2**64 if value >= 2**63 else value


def micros(text: str) -> int:
    moment = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1_000_000


def colliding_product(user: int, product: int, other: int) -> int:
    """A product by which an event of another user at the same time gets the key of the first."""
    time = micros(NOON)
    seed = oracle.spark_xxhash64(time, other) & MASK
    return preimage(oracle.spark_xxhash64(time, user, product), seed)


def colliding_session(user: int, session: str) -> tuple[int, str]:
    """Another user, and a session of theirs that has the key of the first."""
    key = oracle.spark_xxhash64(user, session)
    for other in range(user + 1, user + 10_000_000):
        text = preimage(key, oracle.spark_xxhash64(other) & MASK).to_bytes(8, "little", signed=True)
        if text.isalnum() and text.isascii():
            return other, text.decode()
    raise AssertionError("no such session")


def colliding_code(code: str) -> str:
    """Another category code with the key of the first: 8 bytes, then 8 that make up for them."""
    key = oracle.spark_xxhash64(code)
    for number in range(10_000_000):
        first = f"c{number:07}".encode()
        lane = rotated(int.from_bytes(first, "little") * P2 & MASK, 31) * P1 & MASK
        state = (rotated((42 + P5 + 16 ^ lane) & MASK, 27) * P1 + P4) & MASK
        rest = preimage(key, state - P5 - 8).to_bytes(8, "little", signed=True)
        if rest.isalnum() and rest.isascii():
            return (first + rest).decode()
    raise AssertionError("no such code")


def deliver(session: WarmWarehouse, files: dict[str, list[str]], header: str = HEADER) -> None:
    """Build and test with these files, too: no rule of dbt is broken, and the oracle agrees."""
    for name, rows in files.items():
        (session.landing / name).write_text("\n".join([header, *rows, ""]))
    session.build(*WITH_TESTS)
    assert session.differences_from_oracle() == {}


def test_sessions_with_one_key_are_quarantined_in_any_order_of_delivery(session):
    other, text = colliding_session(1, "s")
    assert oracle.spark_xxhash64(other, text) == oracle.spark_xxhash64(1, "s")
    crafted = f"2019-10-02 12:00:00,view,11,{other},1.00,{text}"
    files = {
        "a.csv": [
            f"{NOON},view,10,1,1.00,s",
            "2019-10-01 12:01:00,purchase,10,1,1.00,s",
            "2019-10-01 12:02:00,view,10,5,1.00,v",
        ],
        "b.csv": ["2019-10-02 13:00:00,view,12,3,1.00,t", crafted],
        "c.csv": ["2019-10-03 12:00:00,view,10,1,1.00,s", "2019-10-03 12:00:00,view,10,4,1.00,u"],
    }
    for loads in (["a.csv"], ["b.csv"], ["c.csv"]), (["b.csv", "c.csv"], ["a.csv"]):
        session.start()
        for names in loads:
            deliver(session, {name: files[name] for name in names})
        marts = session.marts()
        found = marts["quarantined_events"].to_pylist()
        assert sorted((row["source_file"], row["row_number"], row["reason"]) for row in found) == [
            ("a.csv", 1, "key_collision"),
            ("a.csv", 2, "key_collision"),
            ("b.csv", 2, "key_collision"),
            ("c.csv", 1, "key_collision"),
        ]
        assert sorted(marts["dim_users"]["user_id"].to_pylist()) == [3, 4, 5]
    ran = Warehouse(session.warehouse.parent).run("shopstream", "withdraw", "b.csv")
    assert ran.returncode == 0, ran.stdout
    marts = session.marts()
    assert marts["quarantined_events"].num_rows == 0, "the other session is back"
    assert sorted(marts["dim_users"]["user_id"].to_pylist()) == [1, 4, 5]
    (session.landing / "b.csv").unlink()
    assert session.differences_from_oracle() == {}


def test_the_larger_of_two_events_with_one_key_is_quarantined(session):
    product = colliding_product(1, 10, 2)
    key = oracle.spark_xxhash64(micros(NOON), 1, 10, "view", 100)
    assert oracle.spark_xxhash64(micros(NOON), 2, product, "view", 100) == key
    session.start()
    crafted = f"{NOON},view,{product},2,1.00,s"
    harmless = [f"2019-10-01 13:00:0{n},view,{n},3,1.00,t" for n in range(6)]
    deliver(session, {"a.csv": [*harmless, crafted, crafted]})
    alone = session.marts()["quarantined_events"]
    assert alone.num_rows == 0, "alone it is an event like others"
    deliver(session, {"b.csv": [f"{NOON},view,10,1,1.00,s", f"{NOON},cart,10,1,1.00,s"]})
    marts = session.marts()
    [row] = marts["quarantined_events"].to_pylist()
    assert (row["source_file"], row["row_number"], row["reason"]) == ("a.csv", 7, "key_collision")
    assert f'"product_id":"{product}"' in row["delivered_row"]
    ledger = marts["row_ledger"].sort_by("source_file").to_pylist()
    counts = ("rows_accepted", "rows_duplicate", "rows_quarantined")
    assert [[file[name] for name in counts] for file in ledger] == [[6, 1, 1], [2, 0, 0]]


def test_category_codes_with_one_key_are_one_category(session):
    code = colliding_code("toys")
    assert oracle.spark_xxhash64(code) == oracle.spark_xxhash64("toys")
    session.start()
    header = f"{HEADER},category_code"
    rows = [f"{NOON},view,10,1,1.00,s,{code}", f"{NOON},view,11,1,1.00,s,toys"]
    deliver(session, {"a.csv": rows}, header)
    deliver(session, {"b.csv": ["2019-10-02 12:00:00,view,10,2,1.00,t,toys"]}, header)
    categories = session.marts()["dim_categories"].to_pylist()
    assert [(one["category_code"], one["total_events"]) for one in categories] == [("toys", 3)]
