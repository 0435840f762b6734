"""The page of commands and settings says what the program says of itself."""

import re
from pathlib import Path

from shopstream.config import PROJECT, rules
from shopstream.people import reference, variables

# What the program tells itself, its hook, or the tests.
OF_OUR_OWN = {"SHOPSTREAM_TESTED_LOAD", "SHOPSTREAM_EVENT", "SHOPSTREAM_MESSAGE"}


def test_the_pages_are_what_the_program_says():
    # python -m shopstream.people.reference writes them.
    for path, text in reference.pages().items():
        assert path.read_text() == text


def test_the_first_page_of_the_dbt_docs_has_every_var_with_words():
    rows = re.findall(
        r"^\| `(\w+)` \| `.+` \| (.+) \|$", reference.OVERVIEW.read_text(), re.MULTILINE
    )
    assert [name for name, _ in rows] == list(rules())


def test_each_variable_that_is_read_is_described():
    sources = [PROJECT / "profiles.yml.example", PROJECT / "dbt_project.yml"]
    kinds = [("shopstream", "py"), ("dashboard", "py"), ("macros", "sql"), ("models", "yml")]
    for folder, kind in kinds:
        sources += (PROJECT / folder).rglob(f"*.{kind}")
    read = set()
    for source in set(sources) - {Path(variables.__file__)}:
        read |= set(re.findall(r"""["'](SHOPSTREAM_[A-Z_]+)["']""", source.read_text()))
    described = {name for name, _, _ in variables.VARIABLES if name.startswith("SHOPSTREAM_")}
    assert read - OF_OUR_OWN == described


def test_every_link_between_pages_leads_to_a_file():
    pages = [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")]
    links = [
        (page, link)
        for page in pages
        for link in re.findall(r"\]\(([^)#\s]+)", page.read_text())
        if not re.match(r"\w+:|/", link)
    ]
    assert len(links) > 50
    assert [(page.name, link) for page, link in links if not (page.parent / link).exists()] == []
