"""Small files in the shapes that presets describe, and DuckDB's own reading of each."""

import csv
import hashlib
import io
import json
import random
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

NINE = "event_time event_type product_id category_id category_code brand price user_id user_session"
SHOPIFY = """Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,
Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,
Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku,Vendor,Id"""
KINDS = ["view"] * 6 + ["cart", "cart", "purchase"]
FIELDS = "event_time, event_type, product_id, user_id, price, session, brand, code"
OF_NINE = """select strptime(event_time, '%Y-%m-%d %H:%M:%S UTC') as event_time, event_type,
    product_id::bigint, user_id::bigint, price::decimal(12, 2), user_session, brand, category_code,
    null as quantity, null as currency
    from raw"""


@dataclass
class Shape:
    """Two files of a preset: names and contents, and a query over a view `raw` of one of them.

    The query gives the events with the names of FIELDS, and quantity and currency as delivered;
    `reader` is how DuckDB reads a file.
    """

    preset: str
    files: dict[str, bytes]
    reader: str
    query: str


def drawn(rng: random.Random, first: datetime, products: int, rows: int) -> list[dict]:
    """Events of 12 users over 6 days. A product has one brand, category and price."""
    events = []
    for number in range(rows):
        product = products + rng.randrange(20)
        user = rng.randrange(12)
        moment = first + timedelta(seconds=rng.randrange(6 * 24 * 3600))
        events.append(
            {
                "at": moment,
                "kind": rng.choice(KINDS),
                "product": product,
                "user": products + user,
                "session": f"s{products}-{user}-{number // 50}",
                "brand": f"brand{product % 5}",
                "code": f"cat{product % 3}.x",
                "price": f"{product % 97}.{product % 10}5",
                "quantity": str(1 + product % 3),
            }
        )
    return events


def text(rows: list[list], names: list[str] | None = None) -> bytes:
    """Rows as CSV."""
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerows([*([names] if names else []), *rows])
    return sink.getvalue().encode()


def lines(rows: list[dict]) -> bytes:
    """Rows as JSON lines, without what is null."""
    kept = ({k: v for k, v in row.items() if v is not None} for row in rows)
    return "".join(json.dumps(row) + "\n" for row in kept).encode()


def micros(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - datetime(1970, 1, 1)) // timedelta(microseconds=1)


def halves(preset: str, rows: list, write, ending: str = "csv") -> dict[str, bytes]:
    """Every other row in a file of its own."""
    return {f"{preset}/{part}.{ending}": write(rows[part::2]) for part in (0, 1)}


def of_nine(
    preset: str, rng: random.Random, first: str, products: int, out: str | None, rows: int
) -> Shape:
    """A REES46 set; its last row is out of its window."""
    events = drawn(rng, datetime.fromisoformat(first), products, rows)
    if preset == "cosmetics":
        events += [event | {"kind": "remove_from_cart"} for event in events[:9]]
    events.append(events[0] | {"at": datetime.fromisoformat(out or first)})
    cells = [
        [
            *(f"{e['at']} UTC", e["kind"], e["product"], 7, e["code"], e["brand"], e["price"]),
            *(e["user"], e["session"]),
        ]
        for e in events
    ]
    reader, inside = "read_csv($file, all_varchar = true)", f" where event_time < '{out or 9999}'"
    files = halves(preset, cells, lambda part: text(part, NINE.split()))
    return Shape(preset, files, reader, OF_NINE + inside)


def retailrocket(rng: random.Random, rows: int) -> Shape:
    """Milliseconds; a row that comes twice."""
    named = {"view": "view", "cart": "addtocart", "purchase": "transaction"}
    events = drawn(rng, datetime(2015, 6, 1), 400, rows)
    cells = [
        [micros(e["at"]) // 1000 + 117, e["user"], named[e["kind"]], e["product"], ""]
        for e in events
    ]
    cells.append(cells[0])
    names = ["timestamp", "visitorid", "event", "itemid", "transactionid"]
    query = """select distinct epoch_ms(timestamp::bigint),
        case event when 'addtocart' then 'cart' when 'transaction' then 'purchase' else event end,
        itemid::bigint, visitorid::bigint, 0, null, 'unknown_brand', 'uncategorized', null, null
        from raw"""
    files = halves("retailrocket", cells, lambda part: text(part, names))
    return Shape("retailrocket", files, "read_csv($file, all_varchar = true)", query)


def yoochoose(rng: random.Random, kind: str, rows: int) -> Shape:
    """No header, no users; 0 where nothing is known."""
    preset, is_buys = f"yoochoose_{kind}", kind == "buys"
    events = drawn(rng, datetime(2014, 4, 1), 600 if is_buys else 500, rows)
    cells = []
    for number, e in enumerate(events):
        of_buys = [0, 0] if number % 2 else [e["product"], e["quantity"]]
        of_clicks = ["S" if e["product"] % 3 else 0]
        at = f"{e['at']:%Y-%m-%dT%H:%M:%S}.{number:03}Z"
        cells.append([e["session"], at, e["product"], *(of_buys if is_buys else of_clicks)])
    price = "column3::decimal(12, 2)" if is_buys else "0"
    code = (
        "'uncategorized'" if is_buys else "case column3 when '0' then 'uncategorized' else 'S' end"
    )
    query = f"""select strptime(column1, '%Y-%m-%dT%H:%M:%S.%gZ'),
        '{"purchase" if is_buys else "view"}', column2::bigint, -999999, {price}, column0,
        'unknown_brand', {code}, {"nullif(column4, '0')" if is_buys else "null"}, null from raw"""
    reader = "read_csv($file, header = false, all_varchar = true)"
    return Shape(preset, halves(preset, cells, text, "dat"), reader, query)


def ga4(rng: random.Random, ending: str, products: int, rows: int) -> Shape:
    """Microseconds, ids that are texts; as CSV, JSON lines or Parquet."""
    named = {"view": "view_item", "cart": "add_to_cart", "purchase": "purchase"}
    items = [
        {
            "event_date": f"{e['at']:%Y%m%d}",
            "event_timestamp": micros(e["at"]) + number,
            "event_name": named[e["kind"]],
            "user_pseudo_id": f"{e['user']}.{e['user'] * 7}",
            "ga_session_id": 1_700_000_000 + e["user"],
            "item_id": f"SKU-{e['product']}",
            "item_category": "(not set)" if e["product"] % 3 else e["code"],
            "item_brand": e["brand"] if e["product"] % 5 else "(not set)",
            "price": float(e["price"]) if e["product"] % 4 else None,
            "quantity": int(e["quantity"]) if e["kind"] == "purchase" else None,
        }
        for number, e in enumerate(drawn(rng, datetime(2024, 2, 27), products, rows))
    ]

    def write(part: list[dict]) -> bytes:
        if ending == "jsonl":
            return lines(part)
        if ending == "csv":
            return text([list(row.values()) for row in part], list(part[0]))
        sink = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(part), sink)
        return sink.getvalue()

    query = """select make_timestamp(event_timestamp::bigint), case event_name
        when 'view_item' then 'view' when 'add_to_cart' then 'cart' else event_name end,
        number_of(item_id), number_of(user_pseudo_id),
        coalesce(price::decimal(12, 2), 0), ga_session_id::varchar,
        coalesce(nullif(item_brand, '(not set)'), 'unknown_brand'),
        coalesce(nullif(item_category, '(not set)'), 'uncategorized'),
        quantity::varchar, null from raw"""
    readers = {
        "csv": "read_csv($file, all_varchar = true)",
        "jsonl": "read_json($file, format = 'newline_delimited')",
        "parquet": "read_parquet($file)",
    }
    return Shape("ga4", halves(f"ga4_{ending}", items, write, ending), readers[ending], query)


def shopify(rng: random.Random, rows: int) -> Shape:
    """Orders of one or two line items; what is of the order stands in its first row alone."""
    names, zone = SHOPIFY.replace("\n", "").split(","), timezone(timedelta(hours=-5))
    orders: list[list[list]] = []
    for number, e in enumerate(drawn(rng, datetime(2023, 12, 29), 1000, rows)):
        at = e["at"].replace(tzinfo=zone)
        item = {
            "Name": f"#{1000 + number}",
            "Email": f"u{e['user']}@example.com" if e["user"] % 4 else "",
            "Created at": f"{at:%Y-%m-%d %H:%M:%S %z}",
            "Lineitem name": f"A {e['product']}, large",
            "Vendor": e["brand"],
        }
        of_order = {"Financial Status": "paid", "Currency": "USD", "Total": "1.00"}
        bought = [e["product"], e["product"] + 40][: 1 + number % 2]
        order = [
            item
            | (of_order if product == e["product"] else {})
            | {"Lineitem sku": f"SKU-{product}" if product % 5 else ""}
            | {"Lineitem price": e["price"], "Lineitem quantity": e["quantity"]}
            for product in bought
        ]
        orders.append([[row.get(name, "") for name in names] for row in order])
    query = """select distinct timezone('UTC', strptime("Created at", '%Y-%m-%d %H:%M:%S %z')),
        'purchase',
        coalesce(number_of("Lineitem sku"), -1), coalesce(number_of(Email), -999999),
        "Lineitem price"::decimal(12, 2), Name, lower(Vendor), 'uncategorized',
        "Lineitem quantity", Currency from raw"""
    files = halves("shopify_orders", orders, lambda part: text(sum(part, []), names))
    return Shape("shopify_orders", files, "read_csv($file, all_varchar = true)", query)


def backend(rng: random.Random, rows: int) -> Shape:
    """JSON lines; a quantity where something was bought."""
    named = {"view": "Product Viewed", "cart": "add_to_cart", "purchase": "order_completed"}
    objects = [
        {
            "timestamp": f"{e['at']:%Y-%m-%dT%H:%M:%S}.{number:03}Z",
            "event": named[e["kind"]],
            "product_id": e["product"],
            "user_id": e["user"] if number % 9 else None,
            "session_id": e["session"] if number % 7 else None,
            "category": e["code"],
            "brand": e["brand"],
            "price": float(e["price"]),
            "quantity": int(e["quantity"]) if e["kind"] == "purchase" else None,
            "currency": "usd" if e["kind"] == "purchase" else None,
            "page": {"url": "/", "tags": [1, 2]},
        }
        for number, e in enumerate(drawn(rng, datetime(2022, 3, 5), 1200, rows))
    ]
    query = """select timestamp::timestamp, case event when 'Product Viewed' then 'view'
        when 'add_to_cart' then 'cart' else 'purchase' end, product_id,
        coalesce(user_id, -999999), price::decimal(12, 2), session_id, brand, category,
        quantity::varchar, currency from raw"""
    files = halves("backend_log", objects, lines, "jsonl")
    return Shape("backend_log", files, "read_json($file, format = 'newline_delimited')", query)


def shapes(seed: int = 27, rows: int = 150) -> list[Shape]:
    """One of each preset, of so many rows or a few more; of GA4's one in each format."""
    rng = random.Random(seed)
    return [
        of_nine("rees46", rng, "2020-04-25", 100, "2020-05-01", rows),
        of_nine("cosmetics", rng, "2020-02-22", 200, "2020-03-01", rows),
        of_nine("electronics", rng, "2020-09-24", 300, None, rows),
        retailrocket(rng, rows),
        yoochoose(rng, "clicks", rows),
        yoochoose(rng, "buys", rows),
        *(ga4(rng, *form, rows) for form in (("csv", 700), ("jsonl", 800), ("parquet", 900))),
        shopify(rng, rows * 2 // 5),
        backend(rng, rows),
    ]


def description(shape: Shape) -> tuple[str, bytes]:
    """Name and text of the description of a shape's files."""
    folder, name = next(iter(shape.files)).split("/")
    pattern = f"{folder}/*.{name.rpartition('.')[2]}"
    words = f'files: ["{pattern}"]\npreset: {shape.preset}\n'
    return f"sources/{folder}.yml", words.encode()


def expected(found: list[Shape], landing) -> duckdb.DuckDBPyConnection:
    """The events of all shapes as DuckDB reads them from the files, as the table `events`."""
    db = duckdb.connect()
    db.execute("set timezone = 'UTC'")

    def number_of(value: str) -> int | None:
        return int(hashlib.sha256(value.encode()).hexdigest()[:15], 16) if value else None

    db.create_function("number_of", number_of, ["VARCHAR"], "BIGINT")
    names = [*FIELDS.split(", "), "quantity", "currency", "file"]
    db.execute(
        "create table events (event_time timestamp, event_type varchar, product_id bigint, "
        "user_id bigint, price decimal(12, 2), session varchar, brand varchar, code varchar, "
        "quantity varchar, currency varchar, file varchar)"
    )
    for shape in found:
        for name in shape.files:
            reader = shape.reader.replace("$file", f"'{landing / name}'")
            db.execute(f"create or replace view raw as from {reader}")
            db.execute(f"insert into events select *, '{name}' from ({shape.query})")
    assert [row[0] for row in db.sql("describe events").fetchall()] == names
    return db
