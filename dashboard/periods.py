"""Ranges of dates to choose from, and what each is compared with."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import pandas as pd

from dashboard import data
from dashboard.data import Build
from dashboard.words import day, span

EVERYTHING, OTHER_DATES = "All dates", "Other dates…"
# What a period is compared with.
PREVIOUS, SAME_WEEKDAYS = "previous period", "same weekdays before"
MONTH_BEFORE, YEAR_BEFORE, NOTHING = "a month before", "a year before", "nothing"
COMPARISONS = (PREVIOUS, SAME_WEEKDAYS, MONTH_BEFORE, YEAR_BEFORE, NOTHING)
# Dates that move on with the data.
LAST_7_DAYS, THIS_MONTH, LAST_MONTH = "Last 7 days", "Month to date", "Last month"
PRESETS = (LAST_7_DAYS, THIS_MONTH, LAST_MONTH)


@dataclass(frozen=True)
class Period:
    """A range of dates. `stored` is its type and start where the marts hold figures for it that do
    not add up over days; `before` is the one it is compared with, where that is in the data,
    which begins on `data_from`."""

    words: str
    first: date
    last: date
    stored: tuple[str, date] | None = None
    before: "Period | None" = None
    # Whether these are all dates of the data, by whatever name.
    is_all: bool = False
    data_from: date | None = None

    @property
    def said(self) -> str:
        """Its name within a sentence."""
        return self.words.replace("Week of", "the week of").replace("All dates", "all dates")

    @property
    def days(self) -> int:
        """How many dates it has."""
        return (self.last - self.first).days + 1

    def against(self, comparison: str) -> "Period | None":
        """The period it is compared with in this way; None where that is not all in the data."""
        if comparison in (PREVIOUS, NOTHING):
            return self.before if comparison == PREVIOUS else None
        if comparison == SAME_WEEKDAYS:
            weeks = timedelta(days=7 * -(-self.days // 7))
            first, last = self.first - weeks, self.last - weeks
        else:
            first, last = dates_before(self, 1 if comparison == MONTH_BEFORE else 12)
        if not self.data_from or first < self.data_from:
            return None
        return Period(span(first, last), first, last, stored_as(first, last))


def stored_periods(build: Build) -> dict[str, Period]:
    """The periods to choose from by their words: all dates, those that move on with the data, then
    months, then weeks, newest first.

    One is compared with the one before where both lie wholly in the data, else with as many days
    before. Raises EmptyMart where there is none.
    """
    found = data.activity.periods(build)
    first, last = data.activity.whole(build)
    everything = Period(EVERYTHING, first, last, ("total", first), is_all=True, data_from=first)
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
            is_all = dates == (first, last)
            period = Period(words, *dates, (kind, start), is_all=is_all, data_from=first)
            # What is not complete is compared with as many days before.
            held = before if follows else as_long_before(period, everything)
            period = named[words] = replace(period, before=held)
            before = period if whole else None
        chosen |= dict(reversed(named.items()))
    return {EVERYTHING: everything} | presets(chosen) | chosen


def presets(stored: dict[str, Period]) -> dict[str, Period]:
    """Periods that move on with the data, by their names, where they are in it."""
    whole = stored[EVERYTHING]
    this_month = whole.last.replace(day=1)
    last_month = this_month - timedelta(days=1)
    dates = {
        LAST_7_DAYS: (whole.last - timedelta(days=6), whole.last),
        THIS_MONTH: (this_month, whole.last),
        LAST_MONTH: (last_month.replace(day=1), last_month),
    }
    return {
        name: period_of(max(first, whole.first), last, stored)
        for name, (first, last) in dates.items()
        if last >= whole.first
    }


def dates_before(period: Period, months: int) -> tuple[date, date]:
    """The same dates of so many months before; the whole month where it is a whole one."""
    first, last = (
        (pd.Timestamp(each) - pd.DateOffset(months=months)).date()
        for each in (period.first, period.last)
    )
    whole = (period.first, period.last) == (
        period.first.replace(day=1),
        natural_end("month", period.first.replace(day=1)),
    )
    return first, natural_end("month", first) if whole else last


def stored_as(first: date, last: date) -> tuple[str, date] | None:
    """The type and the start of the day, week or month that these dates are."""
    kinds = ("day", "week", "month")
    starts = {
        "day": first,
        "week": first - timedelta(first.weekday()),
        "month": first.replace(day=1),
    }
    found = (
        kind for kind in kinds if (starts[kind], natural_end(kind, starts[kind])) == (first, last)
    )
    return next(((kind, first) for kind in found), None)


def default_period(stored: dict[str, Period]) -> Period:
    """What a reader sees who has chosen nothing: the latest month that can be compared with the
    one before, else all dates."""
    months = (
        each
        for each in stored.values()
        if each.before and each.stored and each.stored[0] == "month" and is_complete(each)
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
    return "hour" if period.days == 1 else "day" if period.days <= 7 else chosen


def is_complete(period: Period) -> bool:
    """Whether a stored week or month lies wholly in the data; other dates are what they are."""
    kind, start = period.stored or ("", period.first)
    kinds = ("week", "month")
    return kind not in kinds or (period.first, period.last) == (start, natural_end(kind, start))


def lengths(period: Period, before: Period) -> str:
    """How many days are compared, where they are not as many."""
    now, then = period.days, before.days
    return "" if now == then else f" ({now} days against {then})"


def as_long_before(period: Period, whole: Period) -> Period | None:
    """As many days before a period, and before one day the same weekday of the week before; None
    where they are not all in the data."""
    length = timedelta(days=period.days)
    start, end = period.first - length, period.first - timedelta(days=1)
    if length.days == 1:
        start = end = period.first - timedelta(days=7)
    if start < whole.first:
        return None
    return Period(span(start, end), start, end, stored_as(start, end))


def period_of(first: date, last: date, stored: dict[str, Period]) -> Period:
    """The period of any dates: the stored one where it is one, else what adds up over days."""
    for period in stored.values():
        if (period.first, period.last) == (first, last):
            return period
    whole = stored[EVERYTHING]
    period = Period(span(first, last), first, last, stored_as(first, last), data_from=whole.first)
    return replace(period, before=as_long_before(period, whole))


def dates_within(texts: list[str], whole: Period) -> tuple[date, date]:
    """The first and last of these dates, within the data; all of it where they are no dates."""
    try:
        dates = sorted(date.fromisoformat(text) for text in texts)
    except ValueError:
        dates = []
    inside = [min(max(each, whole.first), whole.last) for each in dates]
    return (inside[0], inside[-1]) if inside else (whole.first, whole.last)
