"""Which rules were tested? Each as a sentence, with how it went."""

from dashboard import data
from dashboard.blocks import WHOLE, Part, Table


def tests(build, view):
    rows = data.quality.tests_of_last_build(build)
    rows["sentence"] = rows["rule"].map(said)
    passed = (rows["status"] == "pass").sum()
    columns = ("sentence", "tested", "status", "failing_rows", "seconds")
    title = f"{passed} of {len(rows)} tests passed in the last build"
    yield Table(title, rows, "Failed first, then slowest. From test_results.", columns)


def said(rule: str) -> str:
    """A rule, which is named after what it says, as a sentence."""
    words = rule.replace("_", " ").strip()
    return f"{words[:1].upper()}{words[1:]}."


PART = Part("Tests", "Which rules hold?", ((tests,),), foreign=tuple(WHOLE))
