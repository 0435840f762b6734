"""Each preset as a new user meets it: a file in an empty folder, three commands, a report.

    python -m tests.campaigns.first_use [--presets GA4 ...] [--rows 2000] [--resume FILE]

The file is generated in the shape of the preset, under the name that its publisher gives it, and
put into a landing folder of its own. Then the commands of README and docs/how-to/sources.md run,
each in a process of its own: `inspect` with `--write`, `build`, `report`. Each has to succeed, the
description to name the preset (or there is none to write), and every row to have the fate that the
shape says. Results are lines of JSON in FILE, seconds by command; what it holds already is not run
again. Exit code 1 if one fell short.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import yaml

from tests.helpers.results import INTAKE, Results, add_resume_option
from tests.helpers.shapes import Shape, shapes
from tests.helpers.warehouse import Warehouse, put_files

NAMES = {
    "rees46": "2020-Apr.csv",
    "cosmetics": "2020-Feb.csv",
    "electronics": "events.csv",
    "retailrocket": "events.csv",
    "yoochoose_clicks": "yoochoose-clicks.dat",
    "yoochoose_buys": "yoochoose-buys.dat",
    "ga4": "ga4_items",
    "shopify_orders": "orders_export_1.csv",
    "backend_log": "app.jsonl",
}
AS_IT_IS = ("rees46", "cosmetics", "electronics")  # the nine columns: nothing to describe
MODULES = [*INTAKE, "run/inspection.py", "people/report.py"]


def delivered(shape: Shape) -> tuple[str, bytes]:
    """The name under which a user has the first file of a shape, and its content."""
    name, content = next(iter(shape.files.items()))
    ending = Path(name).suffix if shape.preset == "ga4" else ""
    return NAMES[shape.preset] + ending, content


def described_by(warehouse: Warehouse) -> str | None:
    """The preset that the landing folder's description names."""
    found = list(warehouse.landing.glob("sources/*.yml"))
    return yaml.safe_load(found[0].read_text()).get("preset") if found else None


def first_use(shape: Shape, folder: Path) -> dict:
    """Seconds of each command, the rows by fate, and what fell short."""
    warehouse, (name, content) = Warehouse(folder), delivered(shape)
    put_files(warehouse.landing, {name: content})
    report, seconds, short = folder / "report.html", {}, []
    for command in (
        ["inspect", str(warehouse.landing / name), "--write"],
        ["build"],
        ["report", "--target", str(report)],
    ):
        started = time.monotonic()
        ran = warehouse.run("shopstream", *command)
        seconds[command[0]] = round(time.monotonic() - started, 1)
        if ran.returncode:
            short.append(f"{command[0]} ended with {ran.returncode}: {ran.stdout[-500:]}")
            return {"seconds": seconds, "short": short}
    (file,) = warehouse.table("row_ledger").to_pylist()
    fates = {k.removeprefix("rows_"): n for k, n in file.items() if k.startswith("rows_") and n}
    wanted = None if shape.preset in AS_IT_IS else shape.preset
    if (preset := described_by(warehouse)) != wanted:
        short.append(f"inspect wrote a description of preset {preset}")
    if fates["read"] != fates["accepted"] + fates.get("duplicate", 0):
        short.append(f"rows are missing: {fates}")
    if report.stat().st_size < 100_000:
        short.append("the report is empty")
    return {"rows": fates, "seconds": seconds, "short": short}


def table(results: Results) -> str:
    """The results as a table for docs/measured."""
    lines = ["| file | rows | inspect --write, s | build, s | report, s |", "|---|---|---|---|---|"]
    for each in results:
        if each["short"]:
            continue
        times = " | ".join(f"{seconds:.0f}" for seconds in each["seconds"].values())
        lines.append(f"| {each['preset']}, `{each['file']}` | {each['rows']['read']:,} | {times} |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presets", nargs="*", choices=list(NAMES), default=list(NAMES))
    parser.add_argument("--rows", type=int, default=2000, help="of each file, about")
    add_resume_option(parser)
    options = parser.parse_args()
    results = Results(options.resume, MODULES)
    # a shape has two files, of which a user has one
    for shape in shapes(rows=2 * options.rows):
        name, _ = delivered(shape)
        held = {(each["preset"], each["file"]) for each in results}
        if shape.preset not in options.presets or (shape.preset, name) in held:
            continue
        with tempfile.TemporaryDirectory() as folder:
            found = first_use(shape, Path(folder))
        busy = round(os.getloadavg()[0], 1)
        results.add({"preset": shape.preset, "file": name, **found, "load_average": busy})
        print(shape.preset, name, found, flush=True)
    print(table(results))
    return 1 if any(each["short"] for each in results) else 0


if __name__ == "__main__":
    sys.exit(main())
