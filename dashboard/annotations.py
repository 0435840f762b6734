"""Notes of dates that explain what charts show: a CSV that people edit, with date and words."""

import pandas as pd

from dashboard.own_rows import own_rows

# More would hide the chart.
MOST = 50


def annotations() -> pd.DataFrame:
    """The notes of SHOPSTREAM_ANNOTATIONS, by date; none where there is no such file. A row without
    a date or words is left out."""
    rows = own_rows("SHOPSTREAM_ANNOTATIONS", ["date", "words"], "notes of dates")
    rows["date"] = pd.to_datetime(rows["date"], format="%Y-%m-%d", errors="coerce")
    return rows.dropna().sort_values("date").head(MOST)
