"""Thirty kinds of broken input in one load: docs/reference/input.md says what becomes of each.

One build takes all of them together, beside thousands of mutilated rows: each file has to end as
the table says, whatever lies beside it.
"""

import gzip
import io
import random
import re
import zipfile
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shopstream.intake.columns import EVENT_COLUMNS
from tests.helpers.warehouse import PROJECT, Warehouse, put_files

HEADER = ",".join(EVENT_COLUMNS)
TIME = "2019-10-05 10:00:00"
FUZZED_FILES, FUZZED_ROWS = 20, 500


def row(number: int, **values: str) -> str:
    """A usable CSV row with some of its values replaced."""
    usual = dict(zip(HEADER.split(","), row_values(number), strict=True))
    return ",".join({**usual, **values}.values())


def row_values(number: int) -> list[str]:
    return [f"{TIME} UTC", "view", str(number), "7", "a.b", "acme", "10.00", "501", "s"]


def text(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def parquet(columns: dict[str, list]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def zipped(**members: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return sink.getvalue()


@dataclass
class Kind:
    """A file as delivered, and what has to become of it.

    fates: rows accepted, duplicate, out of window, quarantined; None when the file is refused.
    reasons: of the quarantined rows, sorted. refused: what the reason has to say, by name below it.
    """

    name: str
    files: dict[str, bytes]
    fates: tuple[int, int, int, int] | None = None
    reasons: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def good(number: int) -> bytes:
    """Two usable rows; a number of its own keeps a content from being another kind's content."""
    return text(row(number), row(number + 1))


TYPED = {
    "event_time": [datetime(2019, 10, 5, 10)] * 2,
    "event_type": ["view", "cart"],
    "product_id": [1, 2],
    "user_id": [501, 502],
    "price": [1.5, 2.5],
}
AGAIN = "deliver it again, whole"
RETYPED = TYPED | {"product_id": [1.0, 2.0], "user_id": ["501", "+502"], "price": ["1.5", "2.5"]}

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
    Kind("a name with spaces and quotes", {'it\'s "a" file.csv': good(220)}, (2, 0, 0, 0)),
]
# Shown with the file system and not with content: tests/unit/test_landing.py.
ELSEWHERE = {
    "a file that disappears or still grows": [
        "test_a_file_that_disappears_is_skipped",
        "test_a_file_that_changes_while_it_is_read_waits_for_the_next_run",
    ],
    "a folder, pipe or link named like a file": ["test_links_folders_and_pipes_named_like_files"],
    "zip member that is a link or encrypted": [
        "test_dangerous_zip_members_are_refused_by_name",
        "test_encrypted_and_lying_members_are_refused",
    ],
}


def folder_of(kind: Kind) -> str:
    """Folder of a kind in the landing folder."""
    return f"kind{KINDS.index(kind):02}"


def fuzzed(rng: random.Random, number: int) -> bytes:
    """Rows with values swapped, cut, doubled and mangled, as CSV or as Parquet of text.

    Without quotes, which can join lines: tests/unit/test_landing.py has those.
    """
    odd = ["", "null", "NaN", "-1", "1e5", "1;5", "\t", "9" * 25, "2019-13-01", "x\u202e", "0x1"]
    rows = []
    for position in range(FUZZED_ROWS):
        values = row_values(1_000_000 + number * FUZZED_ROWS + position)
        for _ in range(rng.choice([0, 0, 1, 2])):
            values[rng.randrange(9)] = rng.choice(odd)
        rows.append(values)
    if number % 4 == 0:
        names = HEADER.split(",")
        return parquet({name: [r[i] for r in rows] for i, name in enumerate(names)})
    lines = [",".join(values) for values in rows]
    for _ in range(50):
        at = rng.randrange(len(lines))
        cut = rng.randrange(1, len(lines[at]))
        lines[at] = rng.choice([lines[at][:cut], lines[at][cut:] + lines[at], lines[at] + ",more"])
    return text(*lines)


def all_files(rng: random.Random) -> dict[str, bytes]:
    """All kinds and the fuzzed files, by their path in the landing folder."""
    files = {f"{folder_of(kind)}/{name}": kind.files[name] for kind in KINDS for name in kind.files}
    for number in range(FUZZED_FILES):
        ending = "parquet" if number % 4 == 0 else "csv"
        files[f"fuzzed{number}.{ending}"] = fuzzed(rng, number)
    return files


@pytest.fixture(scope="module")
def loaded(tmp_path_factory) -> tuple[Warehouse, str]:
    """All kinds and the fuzzed files, built together; and what the build printed."""
    warehouse = Warehouse(tmp_path_factory.mktemp("kinds"))
    put_files(warehouse.landing, all_files(random.Random(5)))
    return warehouse, warehouse.build("--core", expect=3)


def test_no_kind_of_input_shows_a_stack_trace(loaded):
    _, printed = loaded
    assert not re.search(r"Traceback|Exception|\bat org\.|ERROR=[1-9]", printed), printed


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_kind_of_input_ends_as_the_table_says(loaded, kind):
    warehouse, _ = loaded
    prefix = folder_of(kind) + "/"
    ledger = [
        file
        for file in warehouse.table("row_ledger").to_pylist()
        if file["source_file"].startswith(prefix)
    ]
    # A row that another kind delivered too is a duplicate of it: both were usable.
    usable = sum(file["rows_accepted"] + file["rows_duplicate"] for file in ledger)
    out, quarantined = (
        sum(file[name] for file in ledger) for name in ("rows_out_of_window", "rows_quarantined")
    )
    if kind.fates is None:
        assert not ledger
    else:
        assert ledger, "a file without rows stands in the ledger, too"
        assert (usable, out, quarantined) == (sum(kind.fates[:2]), *kind.fates[2:])
    quarantine = warehouse.table("quarantined_events").to_pylist()
    held = [row for row in quarantine if row["source_file"].startswith(prefix)]
    assert sorted(row["reason"] for row in held) == kind.reasons
    refused = {
        file["source_file"].removeprefix(prefix): file["reason"]
        for file in warehouse.table("refused_files").to_pylist()
        if file["source_file"].startswith(prefix)
    }
    assert set(refused) == set(kind.refused)
    for name, says in kind.refused.items():
        assert re.search(says, refused[name]), refused[name]


def test_rows_of_mutilated_files_are_all_accounted_for(loaded):
    warehouse, _ = loaded
    ledger = warehouse.table("row_ledger").to_pylist()
    fuzzed = [file for file in ledger if file["source_file"].startswith("fuzzed")]
    assert len(fuzzed) == FUZZED_FILES
    for file in fuzzed:
        assert file["rows_read"] == FUZZED_ROWS
        fates = [value for name, value in file.items() if name.startswith("rows_")]
        assert file["rows_read"] == sum(fates) - file["rows_read"]
    assert sum(file["rows_quarantined"] for file in fuzzed) > FUZZED_ROWS


def test_the_docs_have_a_line_for_every_kind_and_name_tests_that_exist():
    page = (PROJECT / "docs" / "reference" / "input.md").read_text()
    lines = {line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| ")}
    assert {kind.name for kind in KINDS} | set(ELSEWHERE) <= lines
    landing_tests = (PROJECT / "tests" / "unit" / "test_landing.py").read_text()
    for names in ELSEWHERE.values():
        for name in names:
            assert f"def {name}(" in landing_tests and name in page
