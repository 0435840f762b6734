"""Ten delivery schedules; `python -m tests.campaigns.schedules` runs a hundred."""

from tests.campaigns.schedules import run


def test_whatever_arrives_how_the_increments_equal_a_rebuild(session):
    result = run(0, session)
    assert result["differences"] == {}
    assert result["files"] > 10 and result["rows_quarantined"] > 0
