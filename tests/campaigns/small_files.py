"""What it costs to land many small files, then one more, and then none.

    python -m tests.campaigns.small_files [--files 1000] [--form csv] [--erased]

Generated files of 50 rows are landed into a warehouse of their own; with `--erased` a user was
erased there before. Prints a line of JSON: seconds of CPU of finding, reading and registering, and
the peak memory of the process. Exit code 1 above 5 seconds per 1,000 files.
"""

import argparse
import json
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from shopstream.intake import register
from shopstream.intake.columns import EVENT_COLUMNS
from shopstream.intake.landing import land

ROWS, MOST_SECONDS = 50, 5


def write(folder: Path, number: int, form: str) -> None:
    """One hour's file."""
    rng, (day, hour) = random.Random(number), divmod(number, 24)
    rows = [
        (
            f"2019-10-{1 + day % 30:02} {hour:02}:{rng.randrange(60):02}:{row:02} UTC",
            rng.choice(["view", "view", "cart", "purchase"]),
            *(str(rng.randrange(1000, 9999)), "2053013555631882655", "a.b", "apple"),
            *(f"{rng.randrange(10**6) / 100:.2f}", str(rng.randrange(5000)), f"{number}-{row}"),
        )
        for row in range(ROWS)
    ]
    if form == "csv":
        lines = [",".join(row) for row in (EVENT_COLUMNS, *rows)]
    else:
        lines = [json.dumps(dict(zip(EVENT_COLUMNS, row, strict=True))) for row in rows]
    (folder / f"{number:06}.{form}").write_text("\n".join(lines) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--form", choices=["csv", "jsonl"], default="csv")
    parser.add_argument("--erased", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        landing, warehouse = Path(root, "landing"), Path(root, "warehouse")
        landing.mkdir()
        for number in range(options.files):
            write(landing, number, options.form)
        if options.erased:
            register.prepare(register.home_of(warehouse))
            register.note_erased(warehouse, 1, 1)

        def seconds(expected: int) -> float:
            before = time.process_time()
            assert len(land(landing, warehouse).landed) == expected
            return round(time.process_time() - before, 2)

        found = vars(options) | {"all": seconds(options.files)}
        write(landing, options.files, options.form)
        found |= {"one_more": seconds(1), "none": seconds(0)}
    found["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(json.dumps(found))
    return 1 if found["all"] > MOST_SECONDS * max(options.files, 1000) / 1000 else 0


if __name__ == "__main__":
    sys.exit(main())
