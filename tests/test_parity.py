"""A handful of delivery schedules on every run; `python tests/schedules.py` runs a hundred."""

from schedules import run


def test_whatever_arrives_how_the_increments_equal_a_rebuild(session):
    result = run(0, session)
    assert result["differences"] == {}
    assert result["files"] > 10 and result["rows_quarantined"] > 0
