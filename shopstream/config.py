"""Where things are: folders and limits, from the environment with defaults inside the project."""

import os
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """Absolute folders of one run.

    landing: delivered files, never written to. warehouse: all tables. sample: where the generated
    sample goes when the landing folder has no event files. logs: full logs of dbt and Spark.
    """

    landing: Path
    warehouse: Path
    sample: Path
    logs: Path
    target: Path

    @classmethod
    def from_environment(cls) -> "Settings":
        """Settings from the SHOPSTREAM_ variables that the README lists."""

        def folder(variable: str, default: str) -> Path:
            return (PROJECT / os.path.expanduser(os.environ.get(variable) or default)).resolve()

        return cls(
            landing=folder("SHOPSTREAM_LANDING", "data/landing"),
            warehouse=folder("SHOPSTREAM_WAREHOUSE", "data/warehouse"),
            sample=folder("SHOPSTREAM_SAMPLE", "data/sample"),
            logs=folder("SHOPSTREAM_LOGS", "logs"),
            target=folder("DBT_TARGET_PATH", "target"),
        )

    def environment(self) -> dict[str, str]:
        """Environment for dbt and Spark: the same folders as absolute paths."""
        return {
            **os.environ,
            "SHOPSTREAM_WAREHOUSE": str(self.warehouse),
            "SHOPSTREAM_LOGS": str(self.logs),
            "DBT_PROFILES_DIR": str(PROJECT),
            "DBT_LOG_PATH": str(self.logs),
        }
