"""The command `dbt` of this environment: dbt, with relative paths taken from where the user is.

dbt goes to the project's folder before it looks at a path, so that `--project-dir` alone would
change what SHOPSTREAM_WAREHOUSE means.
"""

import os
import sys

from shopstream.config import named_folders, readable_locale

OPTIONS = ("--project-dir", "--profiles-dir")


def main() -> None:
    """Run dbt as it is, on absolute paths."""
    folders = {name: str(path) for name, path in named_folders().items()}
    os.environ.update(folders | readable_locale())
    for place, option in enumerate(sys.argv[:-1], start=1):
        if option in OPTIONS:
            sys.argv[place] = os.path.abspath(os.path.expanduser(sys.argv[place]))
    from dbt.cli.main import cli

    sys.exit(cli())
