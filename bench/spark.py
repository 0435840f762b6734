"""A Spark session with the very settings of the build, for contenders that run without dbt."""

import os
from pathlib import Path

from pyspark.sql import SparkSession

from shopstream.run.engines import spark_settings


def session(warehouse: Path, **more: str) -> SparkSession:
    """A new session whose tables lie in `warehouse`; `more` are settings beyond the profile's."""
    os.environ["SHOPSTREAM_WAREHOUSE"] = str(warehouse)
    builder = SparkSession.builder.appName("shopstream bench")
    settings = spark_settings(os.environ) | {"spark.sql.ansi.enabled": "false"} | more
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()
