"""The floor: read the input once and write it once, as Parquet with zstd, by DuckDB."""

import sys
from pathlib import Path

import duckdb


def run(source: Path, target: Path) -> None:
    """Copy all files of `source` into one Parquet file in `target`."""
    (target / "copy").mkdir(parents=True)
    with duckdb.connect() as db:
        db.execute("set preserve_insertion_order = false")
        db.execute(
            f"copy (from '{source}/*.parquet') to '{target}/copy/events.parquet' "
            "(format parquet, compression zstd)"
        )


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]))
