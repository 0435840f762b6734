"""What the tests of the dashboard share."""

import pytest

from dashboard import data


@pytest.fixture
def shown(warehouse, monkeypatch) -> data.Build:
    """The build that the pages show: that of the shared warehouse."""
    monkeypatch.setenv("SHOPSTREAM_WAREHOUSE", str(warehouse))
    return data.read_build(warehouse)
