"""The floor by Spark: read the input once and write it once, with the settings of the build."""

import sys
from pathlib import Path

from pyspark.sql import SparkSession

from bench.spark import session


def copy(spark: SparkSession, source: Path, target: Path) -> None:
    """Copy all files of `source` into Parquet files in `target`; no rule, no shuffle."""
    spark.read.parquet(str(source)).write.parquet(str(target / "copy"))


if __name__ == "__main__":
    copy(session(Path(sys.argv[2])), Path(sys.argv[1]), Path(sys.argv[2]))
