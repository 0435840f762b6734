"""The rows that a full build keeps, written once more by Spark: no rule, no join, no shuffle."""

import sys
from pathlib import Path

from pyspark.sql import SparkSession

from bench.spark import session

TABLES = ("shopstream_staging.db/stg_rows", "shopstream_core.db/fct_events")


def write_again(spark: SparkSession, warehouse: Path, target: Path) -> None:
    """Copy both tables of rows of a build into Parquet files by date in `target`."""
    for table in TABLES:
        rows = spark.read.format("delta").load(str(warehouse / table))
        rows.write.partitionBy("event_date").parquet(str(target / Path(table).name))


if __name__ == "__main__":
    write_again(session(Path(sys.argv[2])), Path(sys.argv[1]), Path(sys.argv[2]))
