"""What sqlfluff lacks of dbt: vars, macros by engine, and that no warehouse is asked."""

import hashlib
from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parents[2]

execute = False
var = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"].__getitem__


def local_md5(text: str) -> str:
    """The md5 of a text, as dbt gives it."""
    return hashlib.md5(text.encode()).hexdigest()


class adapter:  # noqa: N801 - dbt's own name
    """The macros of macros/engines.sql that models call, as they read for Spark."""

    @staticmethod
    def dispatch(name: str, _package: str):
        """A macro by its name."""
        return {
            "distribute_by": lambda columns, _sorted_by: f"distribute by {columns}",
            "json_with_nulls": lambda texts: f"to_json(struct({', '.join(texts.values())}))",
        }[name]
