"""What many small loads leave behind: files, bytes rewritten, and how fast tables are read.

    python -m tests.campaigns.daily_loads --folder FOLDER [--days 60]

The files of so many generated days arrive one by one; after each seventh the warehouse is
maintained, as the README says. For each load Delta's own log says how many files and bytes it
added, in which tables. At the end the number of files in the current versions and the time to read
every table are set against a warehouse that was built from nothing, whose rows have to be equal.
FOLDER keeps the warehouses and `loads.jsonl`; a campaign that was cut short goes on there. Exit
code 1 if rows differ, there are more files than a build from nothing leaves, or reading them takes
more than 1.2 times as long.
"""

import argparse
import json
import shutil
import statistics
import sys
import time
from pathlib import Path

from deltalake import DeltaTable

from shopstream.published import rows_of
from shopstream.sample import generate
from shopstream.warehouse.maintenance import maintain
from shopstream.warehouse.tables import table_folders
from tests.helpers.compare import differences
from tests.helpers.results import Results
from tests.helpers.warm import WarmWarehouse

LOADS_BETWEEN_MAINTENANCE, READS = 7, 7
SLOWEST = 1.2


def state(warehouse: Path) -> dict[str, dict]:
    """Version, files and bytes of the current version of every table."""
    found = {}
    for name, folder in table_folders(warehouse).items():
        table = DeltaTable(folder)
        sizes = table.get_add_actions(flatten=True)["size_bytes"].to_pylist()
        found[name] = {"version": table.version(), "files": len(sizes), "bytes": sum(sizes)}
    return found


def written(warehouse: Path, before: dict[str, dict]) -> dict[str, dict]:
    """Files and bytes that the commits since `before` added, for each table that had any."""
    found = {}
    for name, folder in table_folders(warehouse).items():
        first = before.get(name, {"version": -1})["version"] + 1
        added = [
            json.loads(line)["add"]["size"]
            for version in range(first, DeltaTable(folder).version() + 1)
            for line in (folder / "_delta_log" / f"{version:020}.json").read_text().splitlines()
            if line.startswith('{"add"')
        ]
        if added:
            found[name] = {"files": len(added), "bytes": sum(added)}
    return found


def reading_seconds(warehouse: Path) -> float:
    """Median time to read every row of every mart and partial."""
    seconds = []
    for _ in range(READS):
        started = time.perf_counter()
        for folder in table_folders(warehouse).values():
            rows_of(DeltaTable(folder)).to_table()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def load(warm: WarmWarehouse, number: int, file: Path) -> dict:
    """Take one more day in; what that wrote, as shares of all bytes of its layer's tables."""
    before, started = state(warm.warehouse), time.monotonic()
    shutil.copy(file, warm.landing)
    warm.build()
    seconds, added = time.monotonic() - started, written(warm.warehouse, before)
    after = state(warm.warehouse)
    if number % LOADS_BETWEEN_MAINTENANCE == 0:
        maintain(warm.warehouse)
    return {
        "load": number,
        "seconds": round(seconds, 1),
        "written_bytes": sum(table["bytes"] for table in added.values()),
        "all_bytes": sum(table["bytes"] for table in after.values()),
        "all_files": sum(table["files"] for table in state(warm.warehouse).values()),
        "tables": {
            name: table | {"of_files": after[name]["files"], "of_bytes": after[name]["bytes"]}
            for name, table in added.items()
        },
    }


def main() -> int:
    """Run the loads, compare with a build from nothing, print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--days", type=int, default=60)
    options = parser.parse_args()
    folder = options.folder.resolve()
    files = generate(folder / "sample", events=options.days * 2_000, days=options.days)
    warm, results = WarmWarehouse(folder), Results(folder / "loads.jsonl")
    described = files[0].parent / "sources"
    shutil.copytree(described, warm.landing / described.name, dirs_exist_ok=True)
    for number, file in list(enumerate(files, 1))[len(results.held) :]:
        results.add(load(warm, number, file))
        last = results.held[-1]
        share = last["written_bytes"] / last["all_bytes"]
        print(
            f"load {number}: {last['seconds']} s, {last['all_files']} files, "
            f"{share:.1%} of all bytes written",
            flush=True,
        )
    loaded = {"files": state(warm.warehouse), "seconds": reading_seconds(warm.warehouse)}
    held = warm.marts()
    warm.wipe()
    warm.build()
    rebuilt = {"files": state(warm.warehouse), "seconds": reading_seconds(warm.warehouse)}
    found = {
        name: sum(table["files"] for table in side["files"].values())
        for name, side in {"files": loaded, "files_of_a_rebuild": rebuilt}.items()
    }
    found["reading_against_a_rebuild"] = round(loaded["seconds"] / rebuilt["seconds"], 2)
    found["differences"] = differences(warm.marts(), held)
    print(json.dumps(found, indent=1))
    many = found["files"] > found["files_of_a_rebuild"]
    slow = found["reading_against_a_rebuild"] > SLOWEST
    return 1 if found["differences"] or many or slow else 0


if __name__ == "__main__":
    sys.exit(main())
