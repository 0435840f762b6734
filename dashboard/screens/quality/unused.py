"""What could not be used, and why: quarantined rows and refused files."""

from dashboard import data
from dashboard.blocks import Table, listed


def quarantine(build, view):
    rows = data.quality.quarantine(build)
    shown = [fault(*each) for each in zip(rows["reason"], rows["example"], strict=True)]
    rows["fault"], rows["example_values"] = zip(*shown, strict=True) if shown else ((), ())
    rows["reason"] = rows["reason"].str.replace("_", " ")
    if view.display.hides_users:
        rows[["example", "fault", "example_values"]] = "hidden"
    caption = "Rows that could not be used; the example is the first. From quarantined_events."
    columns = ("reason", "rows", "fault", "example_values", "file")
    yield Table("Quarantined rows by reason", rows, caption, columns)


def fault(reason: str, row: str) -> tuple[str, str]:
    """The value for which a row was quarantined, and all of its values in a line."""
    values = data.quality.values_of(row)
    if values is None:
        return "the whole row", row
    line = ", ".join(value or "" for value in values.values())
    return values.get(reason.removeprefix("bad_")) or "nothing", line


def refused(build, view):
    rows = data.quality.refused_files(build)
    none = ("No file was refused", "Every delivered file could be read as events.")
    yield listed("Refused files", rows, "From refused_files.", ("file", "reason", "seen_at"), none)
