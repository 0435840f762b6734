"""The Spark settings of profiles.yml, for Spark that is started without dbt."""

from collections.abc import Mapping

import yaml
from jinja2 import Environment

from shopstream.config import PROJECT


def spark_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """The settings of the embedded target, as dbt would read them in this environment."""
    settings = targets()["embedded"]["server_side_parameters"]
    jinja = Environment(autoescape=False)
    return {
        name: jinja.from_string(str(value)).render(env_var=environment.get)
        for name, value in settings.items()
    }


def targets() -> dict[str, dict]:
    """The targets of profiles.yml by name, their settings as they are written there."""
    return yaml.safe_load((PROJECT / "profiles.yml").read_text())["shopstream"]["outputs"]
