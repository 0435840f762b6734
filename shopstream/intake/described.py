"""SQL of what a description makes of delivered texts: each as the models know it.

A time that fits is `2019-10-01 00:00:00 UTC`; one that fits not stays as delivered, and is marked
where the models could take it for another, so that they quarantine it.
"""

from shopstream.intake.columns import ROW_COLUMNS
from shopstream.intake.description import TIME_FORMATS
from shopstream.intake.erased_ids import WHITE_SPACE
from shopstream.intake.sources import Source
from shopstream.intake.work_copy import literal

NOT_SHOWN = "(not kept, since ids are hashed)"
# Digits behind the point of a number of seconds, milliseconds or microseconds that are kept.
_DIGITS = dict(zip(TIME_FORMATS[1:], (6, 3, 0), strict=True))
_LOCAL = r"'^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?$'"
_OF_OURS = r"'^\d{4}-\d\d-\d\d[ T]'"
# Years 1 to 9999, in microseconds.
_RANGE = "-62135596800000000 and 253402300799999999"


def is_described(source: Source, column: str, kind: str = "VARCHAR") -> bool:
    """Whether the values of a column, of a DuckDB type, are not as a file without description."""
    if column in source.nulls or column in source.hashed:
        return True
    if column == "event_type":
        return bool(source.event_types)
    if column != "event_time" or kind.startswith(("TIMESTAMP WITH", "TIMESTAMPTZ")):
        return False
    # a typed time is one, whatever the format of those in text
    is_text = source.time_format == "text" or kind.startswith("TIMESTAMP")
    return source.zone != "UTC" or not is_text


def described_rows(source: Source, rows: str, kinds: dict[str, str]) -> str:
    """SQL of `rows` with the texts of described columns as the models know them.

    `rows` is a relation that has our columns; `kinds` are the types they were delivered in.
    """
    described = [c for c in ROW_COLUMNS if is_described(source, c, kinds.get(c, "VARCHAR"))]
    # a row that could not be split holds the ids as they were delivered
    hidden = f"case when bad_row is not null then {literal(NOT_SHOWN)} end"
    bare = {"bad_row": hidden} if source.hashed else {}
    nulls = {c: _without_nulls(c, source.nulls[c]) for c in described if c in source.nulls}
    meant = {c: sql for c in described if (sql := _meant(source, c, kinds.get(c, "VARCHAR")))}
    for step in (bare, nulls, meant):
        if step:
            replaced = ", ".join(f"{sql} as {column}" for column, sql in step.items())
            rows = f"(select * replace ({replaced}) from {rows})"
    return rows


def _trimmed(column: str) -> str:
    return f"trim({column}, {literal(WHITE_SPACE)})"


def _without_nulls(column: str, texts: tuple[str, ...]) -> str:
    listed = ", ".join(map(literal, texts))
    return f"case when lower({_trimmed(column)}) in ({listed}) then null else {column} end"


def _meant(source: Source, column: str, kind: str) -> str | None:
    if column == "event_time" and is_described(source, column, kind):
        is_typed = kind.startswith("TIMESTAMP")
        return _time(source.zone, "text" if is_typed else source.time_format)
    if column in source.hashed:
        # the word null is none, as in any id
        text = _trimmed(column)
        text = f"case when lower({text}) not in ('', 'null') then {text} end"
        return f"('0x' || left(sha256({text}), 15))::bigint::varchar"
    if column == "event_type" and source.event_types:
        pairs = source.event_types.items()
        cases = " ".join(f"when {literal(name)} then {literal(ours)}" for name, ours in pairs)
        return f"case lower({_trimmed(column)}) {cases} else event_type end"
    return None


def _time(zone: str, form: str) -> str:
    text = _trimmed("event_time")
    if form == "text":
        local = f"try_cast(replace(left({text}, 19), 'T', ' ') as timestamp)"
        fraction = rf"regexp_extract({text}, '\.\d+')"
        shown = f"{_in_utc(local, zone)} || {fraction} || ' UTC'"
        return (
            f"case when not regexp_matches({text}, {_LOCAL}) or {local} is null then event_time "
            f"else coalesce({shown}, event_time || {literal(f' {zone}')}) end"
        )
    if form in _DIGITS:
        digits = _DIGITS[form]
        whole = rf"regexp_extract({text}, '^[+-]?\d+')"
        part = rf"rpad(left(regexp_extract({text}, '\.(\d+)', 1), {digits}), {digits}, '0')"
        micros = f"try_cast({whole} || {part} as bigint)"
        fits = rf"regexp_matches({text}, '^[+-]?\d{{1,18}}(\.\d*)?$') and {micros} between {_RANGE}"
        shown = f"make_timestamp({micros})::varchar || ' UTC'"
    else:
        value = f"try_strptime({text}, {literal(form)})"
        # DuckDB knows words such as infinity; %Y takes 20 for the year 20
        fits = f"regexp_matches({text}, '[0-9]') and year({value}) between 1000 and 9999"
        if "%z" in form:
            shown = f"timezone('UTC', {value})::varchar || ' UTC'"
        else:
            shown = f"{_in_utc(f'{value}::timestamp', zone)} || ' UTC'"
    mark = literal(f" (not {form})")
    unfit = f"event_time || case when regexp_matches({text}, {_OF_OURS}) then {mark} else '' end"
    return f"coalesce(case when {fits} then {shown} end, {unfit})"


def _in_utc(local: str, zone: str) -> str:
    """SQL of a local time in UTC, as text; null where the clock was set over it.

    Of a time that came twice the later is taken, as DuckDB and PostgreSQL do.
    """
    if zone == "UTC":
        return f"({local})::varchar"
    name = literal(zone)
    utc = f"timezone({name}, {local})"
    return f"case when timezone({name}, {utc}) = {local} then timezone('UTC', {utc})::varchar end"
