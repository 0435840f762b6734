"""SECURITY.md and docs/how-to/operations.md promise nothing that no test holds; pages name files
that are there."""

import re

import pytest

from tests.helpers.warehouse import PROJECT

PROMISING = ["SECURITY.md", "docs/how-to/operations.md"]


def promises(name: str) -> list[tuple[str, list[str]]]:
    """The rows of the tables whose last column is `held by`, with the tests that they name."""
    found, holding = [], False
    for line in (PROJECT / name).read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and not line.startswith("|---"):
            if holding and cells[-1] != "held by":
                found.append((cells[0], re.findall(r"`(test_\w+)`", cells[-1])))
            holding = holding or cells[-1] == "held by"
        elif not line.startswith("|"):
            holding = False
    return found


@pytest.mark.parametrize("name", PROMISING)
def test_each_promise_names_a_test_that_is_there(name):
    files = (PROJECT / "tests").rglob("test_*.py")
    tests = {test for file in files for test in re.findall(r"def (test_\w+)", file.read_text())}
    rows = promises(name)
    assert rows
    for promise, named in rows:
        assert named and set(named) <= tests, f"{promise}: {set(named) - tests or 'names no test'}"


def test_each_file_that_a_page_names_is_there():
    """`brand_days` is CONTRIBUTING's example; a pattern has a star."""
    folders = "tests|shopstream|bench|dashboard|docs|models|macros|seeds|analyses|packages"
    for page in [*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md")]:
        text = page.read_text()
        named = re.findall(rf"`((?:{folders})/[\w./-]+)`", text)
        linked = re.findall(r"\]\(([\w./-]+)(?:#[\w-]+)?\)", text)
        paths = [PROJECT / name for name in named if "brand_days" not in name]
        for path in [*paths, *(page.parent / link for link in linked)]:
            assert path.exists(), f"{page.name}: {path}"


def test_actions_are_pinned_by_commit():
    for file in (PROJECT / ".github/workflows").glob("*.yml"):
        for used in re.findall(r"uses: (\S+)", file.read_text()):
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used), used
