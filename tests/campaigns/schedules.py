"""Delivery schedules drawn from a seed number: whatever arrives how, increments equal a rebuild.

    python -m tests.campaigns.schedules --seeds 0-99 [--all-marts] [--resume FILE]

A schedule is a few loads of small hostile files: split, merged and shuffled, rows late by hours to
weeks, doubled across files and days, one content under several names, corrections that change which
duplicate survives, sessions over midnight and weeks that gain an earlier start, empty files, broken
rows, a second source whose description is edited on the way, dates far out of the window, and
sometimes a window that is narrowed on the way, or sessions that are cut by time. Ten of them, each
with users, products and sessions of its own on the same dates, go side by side through one
warehouse: the first loads of all ten together, then the second ones, and so on. It is built load by
load, then from nothing, and every table of every mart is compared row by row. Results are lines of
JSON in FILE; what it holds already is not run again. Exit code 1 if any table differs.
"""

import argparse
import csv
import gzip
import io
import random
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from shopstream.intake.columns import EVENT_COLUMNS
from tests.helpers.compare import differences
from tests.helpers.results import Results, add_resume_option
from tests.helpers.warehouse import put_files
from tests.helpers.warm import BuildFailed, WarmWarehouse

FAR_TIMES = ["1970-01-01 00:00:00", "2018-06-01 12:00:00", "2131-01-01 00:00:00"]
FAR_TIMES += ["9999-12-31 23:59:59"]

# Another source beside the nine columns, and the same described otherwise later on.
OTHER_NAMES = ["ts", "kind", "item", "cat", "code", "label", "amount", "visitor", "visit"]
OTHER = f"""\
files: ["*_other.csv", "*_other.csv.gz"]
columns: {{{", ".join(map(": ".join, zip(EVENT_COLUMNS, OTHER_NAMES, strict=True)))}}}
time: {{format: epoch_milliseconds}}
delimiter: ";"
event_types: {{addtocart: cart, transaction: purchase}}
"""
OTHER_EDITED = OTHER + "window: {start: 2019-10-04}\nnulls: {brand: [apple], price: ['0']}\n"

RARE_TYPES = ["", "Other", "remove_from_cart"]

Row = dict[str, str]


@dataclass
class Load:
    """Files by name that arrive together, and the settings in force from then on."""

    files: dict[str, bytes] = field(default_factory=dict)
    variables: dict = field(default_factory=dict)


SIDE_BY_SIDE = 10


def draw(seed: int) -> list[Load]:
    """The loads of a schedule; the same seed gives the same files on every machine."""
    rng = random.Random(seed)
    rows = draw_events(rng, slot=seed % SIDE_BY_SIDE)
    batches = deliver(rng, rows, loads=rng.choice([2, 3, 3, 4]))
    loads = [Load() for _ in batches]
    for number, batch in enumerate(batches):
        rng.shuffle(batch)
        parts = rng.randint(1, 3)
        for part in range(parts):
            name, content = as_file(rng, f"{number}_{part}", batch[part::parts])
            loads[number].files[name] = content
            if rng.random() < 0.3:  # the same content again, under a smaller or larger name
                again = rng.randrange(number, len(batches))
                loads[again].files[rng.choice(["a_", "z/"]) + name] = content
        if rng.random() < 0.25:
            loads[number].files[f"empty_{number}.csv"] = rng.choice(
                [b"", ",".join(EVENT_COLUMNS).encode() + b"\n"]
            )
    return loads


def draw_side_by_side(first: int) -> list[Load]:
    """Ten schedules in one; every other time a narrower window empties days on the way."""
    together = [Load() for _ in range(4)]
    for seed in range(first, first + SIDE_BY_SIDE):
        for load, own in zip(together, draw(seed), strict=False):
            load.files |= {f"{seed}/{name}": content for name, content in own.files.items()}
    rng = random.Random(first)
    together[0].files["sources/other.yml"] = OTHER.encode()
    if first // SIDE_BY_SIDE % 2 == 0:
        together[rng.randrange(1, 4)].files["sources/other.yml"] = OTHER_EDITED.encode()
        together[rng.randrange(1, 4)].variables = {
            "window_start": f"2019-10-{rng.randint(3, 6):02}",
            "window_end": f"2019-10-{rng.randint(9, 20):02}",
        }
    return together


def rules_of_sessions(first: int) -> dict:
    """The rules of sessions for ten schedules, from their first load on: as delivered for most."""
    cut_by_time = {1: {"session_timeout_minutes": 30}, 6: {"session_source": "inactivity"}}
    return cut_by_time.get(first // SIDE_BY_SIDE % 10, {})


def draw_events(rng: random.Random, slot: int) -> list[Row]:
    """Events of some 40 sessions over 12 days and the weeks behind, with every kind of trouble."""
    rows = []
    first_day = datetime(2019, 10, 1) + timedelta(hours=rng.randrange(48))
    for number in range(rng.randint(25, 45)):
        user = "" if rng.random() < 0.05 else str(100 * (slot + 1) + rng.randrange(12))
        session = "" if rng.random() < 0.15 else f"s{slot}{number if rng.random() < 0.9 else 0:03}"
        moment = first_day + timedelta(minutes=rng.randrange(10 * 24 * 60))
        if rng.random() < 0.2:  # shortly before midnight
            moment = moment.replace(hour=23, minute=58)
        for _ in range(rng.choice([1, 1, 2, 3, 5, 8])):
            product = rng.randrange(15)
            change = moment.day // 5 if rng.random() < 0.8 else 0
            rows.append(
                {
                    "event_time": moment.strftime("%Y-%m-%d %H:%M:%S UTC"),
                    "event_type": rng.choice(["view"] * 6 + ["cart", "purchase", *RARE_TYPES]),
                    "product_id": str(100 * slot + product) if product else "",
                    "category_id": str(10 + (product + change) % 5),
                    "category_code": rng.choice(["", f"c{product % 4}.x{change % 2}"]),
                    "brand": ["", "Apple", "acme", "b&q", '"x", y'][(product + change) % 5],
                    "price": rng.choice(["", "0", "-1", "9.995", "20000", f"{product}.5"]),
                    "user_id": user,
                    "user_session": session,
                }
            )
            pause = rng.choice([0, 1, 1, 7, 40, 600, 1440, 1440 * 9, 1440 * 16])
            moment += timedelta(minutes=pause, seconds=rng.randrange(2))
    for row in rng.sample(rows, 3):
        rows.append(row | {"event_time": rng.choice(FAR_TIMES)})
    for column, value in [
        ("price", "1,5"),
        ("user_id", "u7"),
        ("product_id", "1.5"),
        ("event_time", ""),
        ("event_time", "yesterday"),
        ("event_time", "12:30"),
    ]:
        rows.append(rng.choice(rows) | {column: value})
    return rows


def deliver(rng: random.Random, rows: list[Row], loads: int) -> list[list[Row]]:
    """Spread rows over loads, by time for the most part, some late, doubled or corrected."""
    rows = sorted(rows, key=lambda row: row["event_time"])
    batches = [[] for _ in range(loads)]
    for position, row in enumerate(rows):
        due = position * loads // len(rows)
        if rng.random() < 0.15:
            due = rng.randrange(due, loads)
        batches[due].append(row)
        if rng.random() < 0.08:
            batches[rng.randrange(loads)].append(row)
        if rng.random() < 0.08:  # the same event with other attributes: one of both survives
            changed = rng.choice(
                [
                    {"user_session": "0" + row["user_session"]},
                    {"user_session": "~" + row["user_session"]},
                    {"brand": "aaa"},
                    {"category_id": "3"},
                    {"category_code": "zzz"},
                ]
            )
            batches[rng.randrange(due, loads)].append(row | changed)
    for row in rng.sample(rows, 4):  # an earlier start of a session, user and product
        if row["event_time"][:3] == "201":
            moment = datetime.strptime(row["event_time"][:19], "%Y-%m-%d %H:%M:%S")
            earlier = moment - timedelta(hours=rng.choice([1, 5, 30, 200]))
            batches[-1].append(row | {"event_time": earlier.strftime("%Y-%m-%d %H:%M:%S UTC")})
    return batches


def as_file(rng: random.Random, stem: str, rows: list[Row]) -> tuple[str, bytes]:
    """A file of these rows, as csv, gzip or parquet; csv files get a row with too many fields."""
    name = f"{rng.choice('bcdmx')}{stem}"
    if rng.random() < 0.2:
        sink = io.BytesIO()
        texts = pa.schema([(column, "string") for column in EVENT_COLUMNS])
        pq.write_table(pa.Table.from_pylist(rows, schema=texts), sink)
        return f"{name}.parquet", sink.getvalue()
    text, columns = io.StringIO(), rng.sample(EVENT_COLUMNS, len(EVENT_COLUMNS))
    if rng.random() < 0.3:
        name, columns = f"{name}_other", OTHER_NAMES
        rows = [as_other(row) for row in rows]
    writer = csv.DictWriter(text, columns, delimiter=";" if columns is OTHER_NAMES else ",")
    writer.writeheader()
    writer.writerows(rows)
    if rng.random() < 0.3:
        text.write("1,2,3,4,5,6,7,8,9,10,11\n")
    content = text.getvalue().encode()
    if rng.random() < 0.25:
        return f"{name}.csv.gz", gzip.compress(content, mtime=0)
    return f"{name}.csv", content


def as_other(row: Row) -> Row:
    """A row in the shape of the other source; a time that is none stays as it is."""
    named = dict(zip(OTHER_NAMES, (row[column] for column in EVENT_COLUMNS), strict=True))
    delivered = {"cart": "AddToCart", "purchase": " transaction"}
    named["kind"] = delivered.get(named["kind"], named["kind"])
    if row["event_time"][4:5] == "-":
        moment = datetime.strptime(row["event_time"][:19], "%Y-%m-%d %H:%M:%S")
        named["ts"] = str((moment - datetime(1970, 1, 1)) // timedelta(milliseconds=1))
    return named


def run(first: int, warehouse: WarmWarehouse, *, all_marts: bool = False) -> dict:
    """Build ten schedules load by load, then from nothing; what differed, and their size."""
    started = time.monotonic()
    warehouse.start()
    loads, variables = draw_side_by_side(first), rules_of_sessions(first)
    for load in loads:
        put_files(warehouse.landing, load.files)
        variables |= load.variables
        warehouse.build(all_marts=all_marts, **variables)
        if load.variables:
            warehouse.backfill(all_marts=all_marts, **variables)
    held = warehouse.marts()
    warehouse.wipe()
    warehouse.build(all_marts=all_marts, **variables)
    built = warehouse.marts()
    ledger = built["row_ledger"].to_pylist()
    totals = defaultdict(int)
    for file in ledger:
        for name, value in file.items():
            if name.startswith("rows_"):
                totals[name] += value
    return {
        "schedules": f"{first}-{first + SIDE_BY_SIDE - 1}",
        "loads": len(loads),
        "files": sum(len(load.files) for load in loads),
        **totals,
        "tables": len(built),
        "differences": differences(built, held),
        "seconds": round(time.monotonic() - started, 1),
    }


def main() -> int:
    """Run the schedules and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="0-99", metavar="FIRST-LAST", help="whole tens")
    parser.add_argument("--all-marts", action="store_true", help="business marts too")
    add_resume_option(parser)
    options = parser.parse_args()
    first, last = (int(end) for end in options.seeds.split("-"))
    results = Results(options.resume)
    done = {result["schedules"]: result for result in results}
    chosen = []
    with tempfile.TemporaryDirectory(prefix="schedules-") as folder:
        warehouse = WarmWarehouse(Path(folder))
        for seed in range(first, last + 1, SIDE_BY_SIDE):
            name = f"{seed}-{seed + SIDE_BY_SIDE - 1}"
            if name not in done:
                try:
                    done[name] = run(seed, warehouse, all_marts=options.all_marts)
                except BuildFailed as error:
                    done[name] = {"schedules": name, "differences": {"build": str(error)}}
                results.add(done[name])
            chosen.append(done[name])
            print(f"schedules {name}: {done[name]['differences'] or 'equal'}", flush=True)
    equal = SIDE_BY_SIDE * sum(not result["differences"] for result in chosen)
    print(f"{equal} of {SIDE_BY_SIDE * len(chosen)} schedules equal a rebuild")
    return 0 if equal == SIDE_BY_SIDE * len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
