"""Files that people edit: a CSV with two columns, named by a setting."""

import logging
import os
from pathlib import Path

import pandas as pd

log = logging.getLogger(__name__)


def own_rows(setting: str, columns: list[str], words: str) -> pd.DataFrame:
    """The rows of the CSV that a setting names, as text; none where there is no such file, or one
    that can't be read, which the log tells of as `words`."""
    nothing = pd.DataFrame(columns=columns, dtype=str)
    path = os.environ.get(setting)
    if not path:
        return nothing
    try:
        return pd.read_csv(Path(path), dtype=str, usecols=columns)
    except (OSError, ValueError) as error:
        log.warning("the %s in %s can't be read: %s", words, path, error)
        return nothing
