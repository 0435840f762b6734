"""The Python of the project: who imports whom, and how long files and functions are."""

import ast
from importlib import import_module
from pathlib import Path

import pytest

from tests.helpers.warehouse import PROJECT

# Each knows those before it.
WINGS = ["warehouse", "intake", "sample", "run", "people"]
# A build ends with its summary, and announces trouble.
REPORTING = ("run/build.py", "people")
PRODUCT = ("shopstream", "bench", "dashboard")
LINES_OF_A_FILE, LINES_OF_A_FUNCTION = 400, 50


def imported(file: Path) -> set[str]:
    """The modules that a file imports from, at its head or in a function."""
    tree = ast.walk(ast.parse(file.read_text()))
    return {node.module for node in tree if isinstance(node, ast.ImportFrom)}


def modules(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((PROJECT / folder).rglob("*.py"))]


@pytest.mark.parametrize("campaign", modules("tests/campaigns"), ids=lambda path: path.stem)
def test_a_campaign_finds_what_it_imports(campaign):
    import_module(f"tests.campaigns.{campaign.stem}")


@pytest.mark.parametrize("wing", WINGS)
def test_a_wing_knows_only_those_before_it(wing):
    package = PROJECT / "shopstream"
    later = WINGS[WINGS.index(wing) + 1 :]
    assert [
        (name, other)
        for path in modules(f"shopstream/{wing}")
        if (name := str(path.relative_to(package)))
        for other in later
        if any(module.startswith(f"shopstream.{other}") for module in imported(path))
        and (name, other) != REPORTING
    ] == []


def test_the_product_does_not_know_the_bench():
    for path in modules("shopstream", "dashboard"):
        assert not [name for name in imported(path) if name.split(".")[0] == "bench"], path


def test_only_the_report_knows_the_dashboard():
    for path in modules("shopstream", "bench"):
        if path.name != "report.py":
            assert not [name for name in imported(path) if name.startswith("dashboard")], path


@pytest.mark.parametrize("path", modules(*PRODUCT), ids=lambda path: str(path.relative_to(PROJECT)))
def test_no_file_and_no_function_is_long(path):
    text = path.read_text()
    assert len(text.splitlines()) <= LINES_OF_A_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            length = node.end_lineno - node.lineno + 1
            assert length <= LINES_OF_A_FUNCTION, f"{node.name} has {length} lines"
