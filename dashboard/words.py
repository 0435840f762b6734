"""Numbers, dates and names as people read them, and as text that nothing runs."""

import html
import re
import textwrap
from datetime import date

import pandas as pd

# A word joiner: takes no room and is not seen.
UNSEEN = "\u2060"


def number(value: float | None, unit: str = "") -> str:
    """A number as people read it: 229.9 M, 629,560, 6.8 %, $309.56; `unit` is a sign or %."""
    if value is None or pd.isna(value):
        return "–"
    size = abs(value)
    if unit == "%":
        if 0 < size < 0.001:
            return "< 0.001 %" if value > 0 else "> -0.001 %"
        return f"{value:,.1f} %" if size >= 1 else f"{value:,.2g} %"
    if size >= 1e9:
        text = f"{value / 1e9:,.4g} bn"
    elif size >= 1e6:
        text = f"{value / 1e6:,.1f} M" if size >= 1e7 else f"{value / 1e6:,.2f} M"
    elif size >= 1000 or float(value).is_integer():
        text = f"{value:,.0f}"
    elif size >= 10:
        text = f"{value:,.2f}" if unit else f"{value:,.1f}"
    else:
        text = f"{value:,.2f}"
    return f"-{unit}{text[1:]}" if text.startswith("-") else f"{unit}{text}"


def counted(how_many: int, thing: str) -> str:
    """A number of things: 1 hour, 1,200 hours, no hours."""
    if not how_many:
        return f"no {thing}s"
    return f"{how_many:,} {thing}{'' if how_many == 1 else 's'}"


def with_sign(what: str, sign: str) -> str:
    """What is measured, with the currency's sign where there is one: revenue ($)."""
    return f"{what} ({sign.strip()})" if sign.strip() else what


def in_unit(value: float | None, unit: str, sign: str) -> str:
    """A value in a unit of metric_definitions; `sign` is the currency's."""
    if unit == "seconds":
        return duration(value)
    return number(value, {"percent": "%", "money": sign}.get(unit, ""))


def exact(value: float | None, unit: str, sign: str) -> str:
    """A value with all of its digits, in a unit of the marts; user ids are names."""
    if value is None or pd.isna(value):
        return "–"
    if unit == "user id":
        return f"{value:.0f}"
    text = f"{value:,.0f}" if unit not in {"money", "percent", "seconds"} else f"{value:,.2f}"
    if unit == "money":
        return f"-{sign}{text[1:]}" if text.startswith("-") else f"{sign}{text}"
    return text + {"percent": " %", "seconds": " s"}.get(unit, "")


def duration(seconds: float | None) -> str:
    """A time span as people say it: 45 s, 12 min, 3.4 h, 2.1 days."""
    if seconds is None or pd.isna(seconds):
        return "–"
    for size, name in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:,.1f} {name}"
    return f"{seconds:,.0f} s"


def day(value: date) -> str:
    """A date as people say it: 7 Oct 2019."""
    return f"{value.day} {value:%b %Y}"


def span(first: date, last: date) -> str:
    """A range of dates in words."""
    return day(first) if first == last else f"{day(first)} – {day(last)}"


def span_of_hours(first: int, hours: int) -> str:
    """Hours of the day in words: from 08:00 to 11:00."""
    return f"from {first:02d}:00 to {(first + hours) % 24:02d}:00"


def label(text: object, width: int = 26) -> str:
    """A name for an axis: shortened with an ellipsis, and its markup escaped."""
    return html.escape(short(text, width), quote=False)


def short(text: object, width: int = 26) -> str:
    """A name that ends in an ellipsis where it is long."""
    text = str(text)
    return text if len(text) <= width else text[: width - 1] + "…"


def folded(text: object) -> str:
    """A name for below a bar: escaped, in short lines."""
    return "<br>".join(label(line, 14) for line in textwrap.wrap(str(text), 9)[:3])


def whole_names(names: pd.Series) -> list[str]:
    """Names for hovering: whole, and their markup escaped."""
    return [label(name, 200) for name in names]


def plain(text: str) -> str:
    """Text in which Markdown, HTML and formulas are shown, not run."""
    # Markdown makes links of addresses even where they are escaped, but not of ones so broken.
    unlinked = re.sub(r"(www(?=\.)|:(?=//)|@)", rf"\1{UNSEEN}", str(text), flags=re.IGNORECASE)
    return re.sub(r"([\\`*_{}\[\]()#+\-!|<>$~:&])", r"\\\1", unlinked)


def slug(text: str) -> str:
    """A name for files and keys."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def as_csv(rows: pd.DataFrame) -> bytes:
    """CSV that a spreadsheet shows as it is: text that would run as a formula gets a quote."""

    def harmless(value):
        risky = isinstance(value, str) and value.lstrip()[:1] in set("=+-@\t\r")
        return f"'{value}" if risky else value

    safe = rows.rename(columns=harmless)
    for name in safe.select_dtypes("object"):
        safe[name] = safe[name].map(harmless)
    return safe.to_csv(index=False).encode("utf-8-sig")
