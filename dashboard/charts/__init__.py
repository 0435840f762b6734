"""Charts: pure functions from a data frame to a plotly figure, one look for all of them.

Names from the data are escaped, so that markup in them is shown as text.
"""

from dashboard.charts.bars import bars, changes, columns, funnel, side_by_side, stacked
from dashboard.charts.lines import ahead, band, by_period, concentration, lines, steps, target
from dashboard.charts.look import (
    ACCENT,
    DAYS_OF,
    EVENT_COLOURS,
    FATE_COLOURS,
    OUTCOME_COLOURS,
    WEEKDAYS,
    colours_of,
    note,
    nothing,
)
from dashboard.charts.maps import bubbles, heat, tree
from dashboard.charts.sparkline import sparkline

__all__ = [
    "ACCENT",
    "DAYS_OF",
    "EVENT_COLOURS",
    "FATE_COLOURS",
    "OUTCOME_COLOURS",
    "WEEKDAYS",
    "ahead",
    "band",
    "bars",
    "bubbles",
    "by_period",
    "changes",
    "colours_of",
    "columns",
    "concentration",
    "funnel",
    "heat",
    "lines",
    "note",
    "nothing",
    "side_by_side",
    "sparkline",
    "stacked",
    "steps",
    "target",
    "tree",
]
