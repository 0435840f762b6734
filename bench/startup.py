"""The start of Spark alone: a session, one trivial query, the end."""

import sys
from pathlib import Path

from bench.spark import session


def run(target: Path) -> None:
    """Start Spark with the settings of the build and count ten rows."""
    spark = session(target)
    spark.range(10).count()
    spark.stop()


if __name__ == "__main__":
    run(Path(sys.argv[2]))
