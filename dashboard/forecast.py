"""A forecast of the next days by the same weekdays of the weeks before, with its measured error.

Pure functions over a series of days. It is held against the simplest rival, the last value: where
that was closer in the last weeks, nothing is shown.
"""

from dataclasses import dataclass

import pandas as pd

AHEAD = 7
# The last weeks that a forecast is measured on, each by the week before it: so many, at least.
MOST_WEEKS, LEAST_WEEKS = 4, 3


@dataclass(frozen=True)
class Forecast:
    """Expected values of the next days, how far off such ones were on average (in percent) over so
    many weeks, and how far the last value was."""

    days: pd.Series
    error: float
    error_of_last: float
    weeks: int

    @property
    def band(self) -> tuple[pd.Series, pd.Series]:
        """From where to where the next days are expected."""
        return self.days * (1 - self.error / 100), self.days * (1 + self.error / 100)


def forecast(values: pd.Series) -> Forecast | None:
    """The next seven days of a series by day; None where there are too few weeks, nothing was
    sold, or the last value was the better guess."""
    weeks = min(MOST_WEEKS, len(values) // AHEAD - 1)
    if weeks < LEAST_WEEKS or not values.tail(AHEAD).sum() > 0:
        return None
    known = values.tail(AHEAD * weeks)
    by_weekday = values.shift(AHEAD).tail(len(known))
    # Of each week, what was known on the day before it.
    last_known = values.shift(1).tail(len(known)).iloc[::AHEAD]
    by_last = last_known.reindex(known.index, method="ffill")
    error, of_last = (
        100 * float((known - guess).abs().sum() / known.sum()) for guess in (by_weekday, by_last)
    )
    if not error < of_last:
        return None
    dates = pd.date_range(values.index[-1] + pd.Timedelta(days=1), periods=AHEAD)
    return Forecast(pd.Series(values.tail(AHEAD).to_numpy(), dates), error, of_last, weeks)
