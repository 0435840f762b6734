"""A filter that is set is applied to every figure, or the figure's title says that it is not."""

from dataclasses import replace

import pandas as pd
import pytest

from dashboard import data
from dashboard.app import PAGES
from dashboard.blocks import Chart, Table, View
from dashboard.filters import default_view
from dashboard.periods import EVERYTHING, stored_periods
from dashboard.sections import blocks

# A value of each filter that leaves a part out; the dates are set beside it.
CHOSEN = {
    "period": "Week of 14 Oct 2019",
    "category": "electronics",
    "brand": "samsung",
    "segment": "Loyal",
    "weekday": "Mondays",
}
NARROWED = [
    (page.path, part.name, name)
    for page in PAGES
    for part in page.parts
    for name in part.filters
    if name in CHOSEN
]


def figures(build, part, view: View) -> dict[str, tuple]:
    """Rows, drawing and title of each chart and table of a part, by section and place."""
    return {
        f"{section.__name__} {place}": (block.rows, block.title)
        for section in part.sections
        for place, block in enumerate(blocks(section, build, view))
        if isinstance(block, Chart | Table)
    }


@pytest.mark.parametrize(("path", "name", "filtered"), NARROWED)
def test_no_figure_ignores_a_filter_without_saying_so(shown, path, name, filtered):
    part = next(page for page in PAGES if page.path == path).part(name)
    view = default_view(part, shown)
    value = CHOSEN[filtered]
    if filtered == "segment":
        value = data.users.segment_names(shown)[-1]
    if filtered == "period":
        narrow = View(stored_periods(shown)[value], view.display, view.choices)
    else:
        narrow = View(view.period, view.display, view.choices | {filtered: value})
    before, after = figures(shown, part, view), figures(shown, part, narrow)
    for figure, (rows, _) in before.items():
        if figure in after and same(rows, after[figure][0]):
            title = after[figure][1]
            assert "(all" in title or "whole months" in title, f"{figure}: {title}"


def same(rows: pd.DataFrame, others: pd.DataFrame) -> bool:
    """Whether two figures have the same rows."""
    return rows.astype(str).equals(others.astype(str))


def test_a_title_says_nothing_where_no_filter_is_set(shown):
    everything = stored_periods(shown)[EVERYTHING]
    for page in PAGES:
        for part in page.parts:
            view = replace(default_view(part, shown), period=everything)
            found = figures(shown, part, view)
            assert not [title for _, title in found.values() if "(all " in title]
