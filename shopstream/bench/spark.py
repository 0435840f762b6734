"""A Spark session with the very settings of the build, for contenders that run without dbt."""

import os
import re
from pathlib import Path

import yaml
from jinja2 import Environment
from pyspark.sql import SparkSession

from shopstream.config import PROJECT


def session(warehouse: Path, **more: str) -> SparkSession:
    """A new session whose tables lie in `warehouse`; `more` are settings beyond the profile's."""
    os.environ["SHOPSTREAM_WAREHOUSE"] = str(warehouse)
    builder = SparkSession.builder.appName("shopstream bench")
    for name, value in {**profile_settings(), "spark.sql.ansi.enabled": "false", **more}.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def profile_settings() -> dict[str, str]:
    """The Spark settings of the embedded target in profiles.yml, as dbt would read them."""
    profile = yaml.safe_load((PROJECT / "profiles.yml").read_text())["shopstream"]
    settings = profile["outputs"]["embedded"]["server_side_parameters"]
    return {name: _rendered(str(value)) for name, value in settings.items()}


def _rendered(value: str) -> str:
    template = Environment(autoescape=False).from_string(value)
    text = template.render(env_var=lambda name, default=None: os.environ.get(name, default))
    # The jars are named from the project's folder, wherever the process runs.
    return re.sub(r"^(?=\.jars)", f"{PROJECT}/", text)
