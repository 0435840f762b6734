"""Where things are: folders and limits, from the environment with defaults inside the project."""

import locale
import os
import re
import zoneinfo
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from shopstream.bootstrap import PROJECT, UNFIT, has_spark, wants_spark
from shopstream.errors import SettingsError

# Lies in a warehouse that holds nothing but the generated sample.
SAMPLE_MARK = ".holds-sample"

# Sail has no limit of its own; beyond this it writes to its temporary folder.
MACHINE_BYTES = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
SAIL_LIMITS = {
    "SAIL_RUNTIME__MEMORY_POOL__TYPE": "fair",
    "SAIL_RUNTIME__MEMORY_POOL__FAIR__MAX_SIZE": str(MACHINE_BYTES // 3),
}

# Folders that the environment can name, and where they are in the project else.
FOLDERS = {
    "SHOPSTREAM_LANDING": "data/landing",
    "SHOPSTREAM_WAREHOUSE": "data/warehouse",
    "SHOPSTREAM_SAMPLE": "data/sample",
    "SHOPSTREAM_LOGS": "logs",
    "SHOPSTREAM_JARS": ".jars",
    "DBT_TARGET_PATH": "target",
}

# Sail writes %20 for a blank, and the like, into the names of folders.
UNFIT_FOR_SAIL = re.compile(r"[^A-Za-z0-9/._,+=@~-]")

IS_SIZE = re.compile(r"[1-9][0-9]*[kmgt]b?", re.IGNORECASE).fullmatch
IS_DUCKDB_SIZE = re.compile(r"[1-9][0-9.]* ?[kmgt]i?b", re.IGNORECASE).fullmatch
IS_NUMBER_OF_CORES = re.compile(r"[1-9][0-9]*|\*").fullmatch
IS_NUMBER = re.compile(r"[1-9][0-9]{0,8}").fullmatch
IS_YES_OR_NO = re.compile(r"0|1|yes|no|true|false|on|off", re.IGNORECASE).fullmatch


@cache
def time_zones() -> set[str]:
    """The names of all time zones: to find them reads hundreds of files."""
    return zoneinfo.available_timezones()


# What would end in a stack trace or be passed over in silence: test, and words for what is wanted.
FORMS = {
    "SHOPSTREAM_MEMORY": (IS_SIZE, "a size such as 4g"),
    "SHOPSTREAM_EXECUTOR_MEMORY": (IS_SIZE, "a size such as 4g"),
    "SHOPSTREAM_DUCKDB_MEMORY": (IS_DUCKDB_SIZE, "a size such as 4GB"),
    "SHOPSTREAM_MAX_RATIO": (IS_NUMBER, "a whole number above 0"),
    "SHOPSTREAM_CORES": (IS_NUMBER_OF_CORES, "a number of cores, or * for all"),
    "SHOPSTREAM_HIDE_USER_IDS": (IS_YES_OR_NO, "yes or no"),
    "SHOPSTREAM_TIMEZONE": (
        lambda name: name in time_zones(),
        "the name of a time zone such as Europe/Paris",
    ),
}


@cache
def rules() -> dict[str, object]:
    """The vars of the project."""
    return yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]


def named_folders() -> dict[str, Path]:
    """The folders that the environment names; relative ones begin where the user is."""
    named = {name: os.environ[name] for name in FOLDERS if os.environ.get(name)}
    return {name: Path(os.path.expanduser(value)).resolve() for name, value in named.items()}


def readable_locale() -> dict[str, str]:
    """A locale in which Java finds names beyond ASCII; nothing where it is one already."""
    return {} if locale.getencoding().upper() == "UTF-8" else {"LC_ALL": "C.UTF-8"}


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
        """Settings from the SHOPSTREAM_ variables that docs/reference/commands.md lists."""
        folders = {name: PROJECT / path for name, path in FOLDERS.items()} | named_folders()
        return cls(
            landing=folders["SHOPSTREAM_LANDING"],
            warehouse=folders["SHOPSTREAM_WAREHOUSE"],
            sample=folders["SHOPSTREAM_SAMPLE"],
            logs=folders["SHOPSTREAM_LOGS"],
            target=folders["DBT_TARGET_PATH"],
        )

    def environment(self) -> dict[str, str]:
        """Environment for dbt and Spark: the same folders as absolute paths, the usual schemas."""
        # Readers know no others: those of SHOPSTREAM_SCHEMA are for dbt by hand.
        given = {name: value for name, value in os.environ.items() if name != "SHOPSTREAM_SCHEMA"}
        return {
            **SAIL_LIMITS,
            **given,
            **readable_locale(),
            **{name: str(path) for name, path in named_folders().items()},
            "SHOPSTREAM_WAREHOUSE": str(self.warehouse),
            "SHOPSTREAM_LOGS": str(self.logs),
            "DBT_TARGET_PATH": str(self.target),
            "DBT_PROFILES_DIR": str(PROJECT),
            "DBT_LOG_PATH": str(self.logs),
            "DBT_USE_COLORS_FILE": "false",
        }


def check_removable(settings: Settings) -> None:
    """Raise SettingsError where `clean` would take more with it than shopstream has made."""
    kept = {"SHOPSTREAM_LANDING": settings.landing, "SHOPSTREAM_WAREHOUSE": settings.warehouse}
    kept["the project"] = PROJECT
    removed = {"SHOPSTREAM_SAMPLE": settings.sample, "DBT_TARGET_PATH": settings.target}
    for name, folder in removed.items():
        for words, inside in kept.items():
            if inside.is_relative_to(folder):
                raise SettingsError(
                    f"{name} is {folder}, and {words} is in it ({inside}): give it a folder of its "
                    "own, or remove by hand what you want to be rid of"
                )


def check_engine(*, on_spark: bool) -> None:
    """Raise SettingsError where Spark is to run, and only Sail was set up."""
    if on_spark and not has_spark():
        raise SettingsError("Spark is not set up here; run first: make setup-spark")


def check_warehouse(warehouse: Path) -> None:
    """Raise SettingsError where an engine would take the path of the warehouse for another."""
    unfit, why = UNFIT.search(str(warehouse)), "an engine takes it for something else"
    if not unfit and not wants_spark():
        unfit, why = UNFIT_FOR_SAIL.search(str(warehouse)), "Sail would write to another folder"
    if unfit:
        raise SettingsError(
            f"SHOPSTREAM_WAREHOUSE is {warehouse}, which has {unfit.group()!r} in it: {why}. "
            "Choose another path"
        )


def check_environment() -> None:
    """Raise SettingsError where a variable of the environment has a wrong value."""
    for variable, (is_fit, words) in FORMS.items():
        value = os.environ.get(variable)
        if value and not is_fit(value):
            raise SettingsError(f"{variable} is {value!r}; it has to be {words}")
