"""Ranges of dates to choose from, and what each is compared with."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import pandas as pd

from dashboard import data
from dashboard.data import Build
from dashboard.words import day, span

EVERYTHING, OTHER_DATES = "All dates", "Other dates…"


@dataclass(frozen=True)
class Period:
    """A range of dates. `stored` is its type and start where the marts hold figures for it that do
    not add up over days; `before` is the one it is compared with, where that is in the data."""

    words: str
    first: date
    last: date
    stored: tuple[str, date] | None = None
    before: "Period | None" = None
    # Whether these are all dates of the data, by whatever name.
    is_all: bool = False


def stored_periods(build: Build) -> dict[str, Period]:
    """The periods to choose from by their words: all dates, then months, then weeks, newest first.

    One is compared with the one before where both lie wholly in the data, else with as many days
    before. Raises EmptyMart where there is none.
    """
    found = data.activity.periods(build)
    first, last = data.activity.whole(build)
    everything = Period(EVERYTHING, first, last, ("total", first), is_all=True)
    chosen = {EVERYTHING: everything}
    for kind in ("month", "week"):
        before, named = None, {}
        for start in found.loc[found["period_type"] == kind, "period_start"]:
            start = pd.Timestamp(start).date()
            end = natural_end(kind, start)
            words = f"{start:%B %Y}" if kind == "month" else f"Week of {day(start)}"
            whole = first <= start and end <= last
            # Whole ones are compared, and the one before must end where this one begins.
            follows = whole and before and before.last + timedelta(days=1) == start
            dates = max(start, first), min(end, last)
            period = Period(words, *dates, (kind, start), is_all=dates == (first, last))
            # What is not complete is compared with as many days before.
            held = before if follows else as_long_before(period, everything)
            period = named[words] = replace(period, before=held)
            before = period if whole else None
        chosen |= dict(reversed(named.items()))
    return chosen


def default_period(stored: dict[str, Period]) -> Period:
    """What a reader sees who has chosen nothing: the latest month that can be compared with the
    one before, else all dates."""
    months = (
        each
        for each in stored.values()
        if each.before and each.stored[0] == "month" and is_complete(each)
    )
    return next(months, stored[EVERYTHING])


def natural_end(kind: str, start: date) -> date:
    """The last date of the day, week or month that starts there."""
    if kind == "month":
        return (start.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return start + timedelta(days=6 if kind == "week" else 0)


def wholly(grain: str, rows: pd.DataFrame, first: date, last: date) -> list[bool]:
    """Which of these days, weeks or months lie wholly in the dates and in the data."""
    return [
        start.date() >= first and natural_end(grain, start.date()) <= min(end.date(), last)
        for start, end in zip(rows["period_start"], rows["period_end"], strict=True)
    ]


def pale(grain: str, whole: list[bool], outside: str) -> str:
    """What a pale bar means, where there is one."""
    return "" if all(whole) else f" Pale: a {grain} partly outside of {outside}."


def grain_of(period: Period, chosen: str) -> str:
    """What to show a period by: one day by hour, up to a week by day, else as chosen."""
    days = (period.last - period.first).days + 1
    return "hour" if days == 1 else "day" if days <= 7 else chosen


def is_complete(period: Period) -> bool:
    """Whether a stored week or month lies wholly in the data; other dates are what they are."""
    kind, start = period.stored or ("", period.first)
    kinds = ("week", "month")
    return kind not in kinds or (period.first, period.last) == (start, natural_end(kind, start))


def lengths(period: Period, before: Period) -> str:
    """How many days are compared, where they are not as many."""
    now, then = ((each.last - each.first).days + 1 for each in (period, before))
    return "" if now == then else f" ({now} days against {then})"


def as_long_before(period: Period, whole: Period) -> Period | None:
    """As many days before a period, and before one day the same weekday of the week before; None
    where they are not all in the data."""
    length = period.last - period.first + timedelta(days=1)
    start, end = period.first - length, period.first - timedelta(days=1)
    if length.days == 1:
        start = end = period.first - timedelta(days=7)
    if start < whole.first:
        return None
    return Period(span(start, end), start, end, ("day", end) if length.days == 1 else None)


def period_of(first: date, last: date, stored: dict[str, Period]) -> Period:
    """The period of any dates: the stored one where it is one, else what adds up over days."""
    for period in stored.values():
        if (period.first, period.last) == (first, last):
            return period
    period = Period(span(first, last), first, last, ("day", first) if first == last else None)
    return replace(period, before=as_long_before(period, stored[EVERYTHING]))


def dates_within(texts: list[str], whole: Period) -> tuple[date, date]:
    """The first and last of these dates, within the data; all of it where they are no dates."""
    try:
        dates = sorted(date.fromisoformat(text) for text in texts)
    except ValueError:
        dates = []
    inside = [min(max(each, whole.first), whole.last) for each in dates]
    return (inside[0], inside[-1]) if inside else (whole.first, whole.last)
