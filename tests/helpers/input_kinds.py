"""The kinds of odd and broken input: tests/engine/test_input_kinds.py loads them all at once."""

import gzip

from tests.helpers.odd_input import (
    AGAIN,
    HEADER,
    RETYPED,
    TIME,
    TYPED,
    Kind,
    encrypted,
    good,
    parquet,
    row,
    text,
    zipped,
)

NULS = ["a.csv", "a.jsonl", "a.csv.gz", "a.parquet", "a.zip"]
KINDS = [
    Kind("truncated csv", {"a.csv": text(row(1), row(2))[:-20]}, (1, 0, 0, 1), ["bad_row"]),
    Kind(
        "truncated gz",
        {"a.csv.gz": gzip.compress(good(110))[:-12]},
        refused={"a.csv.gz": AGAIN},
    ),
    Kind(
        "truncated zip",
        {"a.zip": zipped(**{"m.csv": good(120)})[:-30]},
        refused={"a.zip": AGAIN},
    ),
    Kind(
        "truncated parquet",
        {"a.parquet": parquet(TYPED)[:-20]},
        refused={"a.parquet": AGAIN},
    ),
    Kind(
        "zip member with ../ or an absolute path",
        {"a.zip": zipped(**{"../up.csv": good(130), "/abs.csv": good(140), "m.csv": good(150)})},
        (2, 0, 0, 0),
        refused={"a.zip/../up.csv": "path", "a.zip//abs.csv": "path"},
    ),
    Kind(
        "zip member that unpacks to far more than it holds",
        {"a.zip": zipped(**{"bomb.csv": b"0" * 120 * 1024**2, "m.csv": good(160)})},
        (2, 0, 0, 0),
        refused={"a.zip/bomb.csv": "200 times"},
    ),
    Kind("empty file", {"a.csv": b""}, refused={"a.csv": "empty"}),
    Kind("header only", {"a.csv": text()}, (0, 0, 0, 0)),
    Kind(
        "no header",
        {"a.csv": row(1).encode()},
        refused={"a.csv": "put a header"},
    ),
    Kind(
        "wrong delimiter",
        {"a.csv": good(170).replace(b",", b";")},
        refused={"a.csv": "with commas"},
    ),
    Kind("byte-order mark", {"a.csv": b"\xef\xbb\xbf" + good(180)}, (2, 0, 0, 0)),
    Kind("UTF-16", {"a.csv": good(190).decode().encode("utf-16")}, refused={"a.csv": "UTF-16"}),
    Kind(
        "invalid UTF-8",
        {"a.csv": good(200) + row(3, brand="caf?").encode().replace(b"?", b"\xe9") + b"\n"},
        (2, 0, 0, 1),
        ["bad_row"],
    ),
    Kind(
        "missing column",
        {
            "needed.csv": b"event_time,event_type,product_id\n2019-10-05 10:00:00,view,1\n",
            "optional.csv": b"user_id,event_time,event_type,product_id\n1,2019-10-05 10:00:00,,1\n",
        },
        (1, 0, 0, 0),
        refused={"needed.csv": "user_id"},
    ),
    Kind("added column", {"a.csv": text(row(1) + ",x", header=HEADER + ",more")}, (1, 0, 0, 0)),
    Kind(
        "renamed column",
        {"a.csv": good(210).replace(b"user_id", b"uid")},
        refused={"a.csv": "user_id"},
    ),
    Kind(
        "reordered columns",
        {"a.csv": f"user_id,product_id,event_type,event_time\n501,1,view,{TIME}\n".encode()},
        (1, 0, 0, 0),
    ),
    Kind("retyped columns", {"a.parquet": parquet(RETYPED)}, (2, 0, 0, 0)),
    Kind(
        "text in numbers",
        {
            "a.csv": text(
                row(1, user_id="u1"),
                row(2, product_id="p"),
                row(3, price="ten"),
                row(4, category_id="c"),
            )
        },
        (1, 0, 0, 3),
        ["bad_price", "bad_product_id", "bad_user_id"],
    ),
    Kind(
        "numbers beyond 64 bits",
        {"a.csv": text(row(1, user_id=str(2**63)), row(2, product_id="9" * 30), row(3))},
        (1, 0, 0, 2),
        ["bad_product_id", "bad_user_id"],
    ),
    Kind(
        "empty strings and the words null, NaN, None",
        {
            "a.csv": text(
                row(1, user_id="", price='""', brand=" "),
                row(2, user_id="NULL", price="NaN"),
                row(3, user_id="None"),
                row(4, event_time="null"),
            )
        },
        (2, 0, 0, 2),
        ["bad_user_id", "missing_event_time"],
    ),
    Kind(
        "negative, infinite and huge prices",
        {
            "a.csv": text(
                row(1, price="-5"),
                row(2, price="1e999"),
                row(3, price="99999"),
                row(4, price="inf"),
                row(5, price="-Infinity"),
            )
        },
        (3, 0, 0, 2),
        ["bad_price", "bad_price"],
    ),
    Kind(
        "price with a comma",
        {"a.csv": text(row(1, price='"10,5"'), row(2, price='"1,000.00"'))},
        (0, 0, 0, 2),
        ["bad_price", "bad_price"],
    ),
    Kind(
        "timestamp with an offset or a fraction",
        {
            "a.csv": text(
                row(1, event_time="2019-10-05T10:00:00+03:00"),
                row(2, event_time="2019-10-05 10:00:00.123456789 UTC"),
                row(3, event_time="2019-10-05 10:00:00+0330"),
            )
        },
        (3, 0, 0, 0),
    ),
    Kind(
        "epoch number as a timestamp",
        {"a.csv": text(row(1, event_time="1570269600"), row(2, event_time="1570269600000"))},
        (0, 0, 0, 2),
        ["bad_event_time", "bad_event_time"],
    ),
    Kind("local time without a zone", {"a.csv": text(row(1, event_time=TIME))}, (1, 0, 0, 0)),
    Kind(
        "the years 1970 and 9999",
        {
            "a.csv": text(
                row(1, event_time="1970-01-01 00:00:00"), row(2, event_time="9999-12-31 23:59:59")
            )
        },
        (0, 0, 2, 0),
    ),
    Kind(
        "embedded newlines and quotes",
        {"a.csv": text(row(1, brand='"two\nlines"'), row(2, brand='"b ""q"", c"'))},
        (2, 0, 0, 0),
    ),
    Kind(
        "right-to-left and emoji text",
        {"a.csv": text(row(1, brand="\u05d0\u05d1\u200f"), row(2, brand="\U0001f6d2"))},
        (2, 0, 0, 0),
    ),
    Kind("a field of 1 MB", {"a.csv": text(row(1, brand="x" * 2**20), row(2))}, (2, 0, 0, 0)),
    Kind(
        "a header among the rows",
        {"a.csv": good(300) + text(row(302)).upper(), "b.csv.gz": gzip.compress(good(310)) * 2},
        (7, 0, 0, 2),
        ["bad_event_time", "bad_event_time"],
    ),
    Kind(
        "lines of a tool behind the rows",
        {"a.csv": good(320) + b"(2 rows)\n\\.\nTotal,,,,,,20.00,,\n\x1a"},
        (2, 0, 0, 4),
        ["bad_event_time", "bad_row", "bad_row", "bad_row"],
    ),
    Kind(
        "rows with a field too many or too few",
        {"a.csv": text(row(1) + ",", row(2) + ",,", row(3)[:-2])},
        (0, 0, 0, 3),
        ["bad_row"] * 3,
    ),
    Kind(
        "each line quoted as a whole",
        {"a.csv": "\n".join(f'"{line}"' for line in (HEADER, row(1))).encode()},
        refused={"a.csv": "quoted as a whole.*take the quotes off"},
    ),
    Kind(
        "NUL bytes in values",
        {
            "a.csv": text(
                row(1, brand="a\0b"),
                row(2, user_id="5\0"),
                row(3, price="\x001"),
                row(4, event_time=f"{TIME}\0"),
            )
        },
        (1, 0, 0, 3),
        ["bad_event_time", "bad_price", "bad_user_id"],
    ),
    Kind(
        "nothing but NUL bytes",
        dict.fromkeys(NULS, b"\0" * 4096),
        refused=dict.fromkeys(NULS, AGAIN),
    ),
    Kind(
        "JSON lines in UTF-16 or UTF-32",
        {
            f"{code}.jsonl": '{"event_time": "x"}\n'.encode(code)
            for code in ("utf-16", "utf-16-le", "utf-16-be", "utf-32")
        },
        refused={
            "utf-16.jsonl": "iconv -f UTF-16",
            "utf-16-le.jsonl": "iconv -f UTF-16",
            "utf-16-be.jsonl": "iconv -f UTF-16",
            "utf-32.jsonl": "iconv -f UTF-32",
        },
    ),
    Kind(
        "a column name with a character that nobody sees",
        {"a.csv": good(330).replace(b"user_id", "\u200buser_id".encode())},
        refused={"a.csv": r"missing user_id; found .*\\u200buser_id"},
    ),
    Kind(
        "a column twice",
        {
            "a.csv": text(row(1) + ",502", header=HEADER + ", USER_ID"),
            "a.parquet": parquet(TYPED | {"User_Id": [1, 2]}),
        },
        refused={"a.csv": "more than one.*user_id", "a.parquet": "more than one.*user_id"},
    ),
    Kind(
        "digits of other scripts",
        {
            "a.csv": text(
                row(1, user_id="\u0665\u0660\u0661"),
                row(2, product_id="1\uff12"),
                row(3, price="\uff11\uff10"),
                row(4, event_time=f"\uff12{TIME[1:]}"),
                row(5, category_id="\u096d"),
            )
        },
        (1, 0, 0, 4),
        ["bad_event_time", "bad_price", "bad_product_id", "bad_user_id"],
    ),
    Kind(
        "what spreadsheets make of values",
        {
            "a.csv": text(
                row(1, user_id="2.05301E+18"),
                row(2, event_time="43743.41667"),
                row(3, product_id="#N/A"),
                row(4, price="#REF!"),
                row(5, price="$10"),
                row(6, user_id="1_000"),
            )
        },
        (0, 0, 0, 6),
        ["bad_event_time", *["bad_price"] * 2, "bad_product_id", *["bad_user_id"] * 2],
    ),
    Kind(
        "gzip with something behind its end",
        {
            "garbage.csv.gz": gzip.compress(good(340)) + b"garbage",
            "padded.csv.gz": gzip.compress(good(350)) + b"\0" * 512,
        },
        (2, 0, 0, 0),
        refused={"garbage.csv.gz": AGAIN},
    ),
    Kind(
        "zip behind a program that unpacks it, or of nothing",
        {"a.zip": b"#!/bin/sh\n" + zipped(**{"m.csv": good(360)}), "b.zip": zipped()},
        (2, 0, 0, 0),
        refused={"b.zip": "holds no csv"},
    ),
    Kind(
        "Parquet files joined into one",
        {
            "a.parquet": parquet(TYPED) + parquet(TYPED | {"user_id": [601, 602]}),
            "empty last.parquet": parquet(TYPED) + parquet(dict.fromkeys(TYPED, [])),
            "only says so.parquet": parquet(TYPED | {"brand": ["PAR1PAR1", "x"]}),
        },
        (2, 0, 0, 0),
        refused=dict.fromkeys(["a.parquet", "empty last.parquet"], "joined.*each by itself"),
    ),
    Kind(
        "encrypted Parquet",
        {
            "all.parquet": encrypted(TYPED, uniform_encryption=True),
            "one column.parquet": encrypted(
                TYPED, plaintext_footer=True, column_keys={"c": ["user_id"]}
            ),
        },
        refused=dict.fromkeys(["all.parquet", "one column.parquet"], "without encryption"),
    ),
    Kind(
        "Parquet of a damaged page",
        {"a.parquet": (whole := parquet(TYPED))[:60] + b"\xff" * 30 + whole[90:]},
        refused={"a.parquet": AGAIN},
    ),
    Kind("a name with spaces and quotes", {'it\'s "a" file.csv': good(220)}, (2, 0, 0, 0)),
]
