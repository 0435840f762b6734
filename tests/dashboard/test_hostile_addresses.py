"""Whatever an address holds, a page shows its figures, and the address is clean again."""

import re

import pytest

from dashboard.app import PAGES
from dashboard.filters import FILTERS, NAMES, TYPED
from tests.dashboard.test_pages import metrics, run

HOSTILE = [
    "<script>alert(1)</script>",
    "' or 1=1 --",
    "../../etc/passwd",
    "\0",
    "9" * 4000,
    "-1",
    "1e309",
    "NaN",
    "$brand",
    "{{7*7}}",
    "%00%0a",
    "\u202eevil",
    "\U0001f9e8" * 50,
    "=cmd|' /c calc'!A0",
    "[x](javascript:alert(1))",
]
PARTS = [(page.path, part.name) for page in PAGES for part in page.parts]


@pytest.mark.parametrize("turn", [0, 5, 10])
@pytest.mark.parametrize(("path", "part"), PARTS)
def test_hostile_values_of_all_parameters_at_once_change_nothing(shown, path, part, turn):
    values = HOSTILE[turn:] + HOSTILE[:turn]
    asked = {name: values[place % len(values)] for place, name in enumerate([*NAMES, "view", "x"])}
    page = run(path, part=part, **asked)
    assert metrics(page) == metrics(run(path, part=part))
    texts = [
        each.value
        for each in [*page.caption, *page.header, *page.markdown, *page.info, *page.warning]
    ]
    assert not any("can't be shown" in text.replace("\\", "") for text in texts)
    assert not any(re.search(r"(?<!\\)(<script|\[x\]|\$brand)", text) for text in texts)
    # Only what can be typed in stays, and no more of it than the box takes.
    left = {name: value for name, value in page.query_params.items() if name != "part"}
    typed = {name for name, each in FILTERS.items() if each.typed}
    assert set(left) <= typed
    assert all(len(value) <= TYPED for value in map(str, left.values()))
