"""Notes of dates that explain what charts show: a CSV that people edit, with date and words."""

import logging
import os
from pathlib import Path

import pandas as pd

log = logging.getLogger(__name__)
# More would hide the chart.
MOST = 50


def annotations() -> pd.DataFrame:
    """The notes of SHOPSTREAM_ANNOTATIONS, by date; none where there is no such file. A row without
    a date or words is left out."""
    path = os.environ.get("SHOPSTREAM_ANNOTATIONS")
    nothing = pd.DataFrame({"date": pd.to_datetime([]), "words": []})
    if not path:
        return nothing
    try:
        rows = pd.read_csv(Path(path), dtype=str, usecols=["date", "words"])
    except (OSError, ValueError) as error:
        log.warning("the notes of dates in %s can't be read: %s", path, error)
        return nothing
    rows["date"] = pd.to_datetime(rows["date"], format="%Y-%m-%d", errors="coerce")
    return rows.dropna().sort_values("date").head(MOST)
