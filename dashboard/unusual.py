"""Which days were unusual: each day against the same weekday of other weeks.

Pure functions over rows of days. What a day should have is the median of the nearest same weekdays;
how far days usually are from theirs is one spread for all of them, as one weekday has few.
"""

import numpy as np
import pandas as pd

# Weeks on either side that count: a year ago says little of today.
NEAREST = 4
# With fewer others of a weekday, or fewer days in all, nothing is said.
FEWEST_OTHERS, FEWEST_DAYS = 2, 14
# With so few others, they are called thin.
THIN_OTHERS = 4
# A day is unusual so many spreads away, and by this much at least.
SPREADS, LEAST = 1.8, 0.15
# From the median of absolute deviations to a standard deviation.
TO_DEVIATION = 1.4826


def judged(days: pd.DataFrame, column: str) -> pd.DataFrame:
    """Days with event_date and a value, with what was `usual`, of how many `others`, the `ratio` to
    it, and whether that is `unusual`. Days without a value are not judged."""
    rows = days[["event_date", column]].dropna().reset_index(drop=True)
    rows = rows.rename(columns={column: "value"})
    found = [nearest(rows, place) for place in rows.index]
    rows["others"] = [len(each) for each in found]
    enough = rows["others"] >= FEWEST_OTHERS
    medians = [each.median() if len(each) else np.nan for each in found]
    rows["usual"] = pd.Series(medians, index=rows.index, dtype=float).where(enough)
    rows["ratio"] = rows["value"] / rows["usual"].where(rows["usual"] > 0)
    off = np.log(rows["ratio"].where(rows["ratio"] > 0)).dropna()
    spread = TO_DEVIATION * (off - off.median()).abs().median() if len(off) else 0
    bound = max(SPREADS * spread, np.log(1 + LEAST))
    # A day of nothing is as far off as can be.
    far = off.abs().reindex(rows.index).gt(bound) | rows["value"].eq(0) & rows["usual"].gt(0)
    rows["unusual"] = far & (len(off) >= FEWEST_DAYS)
    rows["bound"] = 100 * (np.exp(bound) - 1)
    return rows


def nearest(rows: pd.DataFrame, place: int) -> pd.Series:
    """The values of the other days of the same weekday, some weeks before and after."""
    at = rows["event_date"][place]
    apart = (rows["event_date"] - at).dt.days
    return rows.loc[(apart % 7 == 0) & apart.abs().between(7, 7 * NEAREST), "value"]
