"""The command `dbt` of this environment: dbt, with relative paths taken from where the user is.

dbt goes to the project's folder before it looks at a path, so that `--project-dir` alone would
change what SHOPSTREAM_WAREHOUSE means.
"""

import os
import sys
from itertools import pairwise
from threading import Lock

from shopstream.bootstrap import wants_spark
from shopstream.config import check_engine, named_folders, readable_locale
from shopstream.errors import SettingsError

OPTIONS = ("--project-dir", "--profiles-dir")


def main() -> None:
    """Run dbt as it is, on absolute paths."""
    folders = {name: str(path) for name, path in named_folders().items()}
    os.environ.update(folders | readable_locale())
    for place, option in enumerate(sys.argv[:-1], start=1):
        if option in OPTIONS:
            sys.argv[place] = os.path.abspath(os.path.expanduser(sys.argv[place]))
    for option, value in pairwise(sys.argv):
        if option in ("--target", "-t"):
            os.environ["DBT_TARGET"] = value
    try:
        check_engine(on_spark=wants_spark())
    except SettingsError as error:
        sys.exit(f"dbt: {error}")
    if not wants_spark():
        start_one_server()
    from dbt.cli.main import cli

    sys.exit(cli())


def start_one_server() -> None:
    """Let dbt's threads wait for the first of them to start Sail: dbt-sail has each start one."""
    from dbt.adapters.sail.connections import SailConnectionManager

    starts, open_embedded = Lock(), SailConnectionManager._open_embedded

    def open_after_another(credentials: object) -> object:
        with starts:
            return open_embedded(credentials)

    SailConnectionManager._open_embedded = open_after_another
