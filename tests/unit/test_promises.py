"""SECURITY.md and docs/operations.md promise nothing that no test holds."""

import re

import pytest

from shopstream import bootstrap
from tests.helpers.warehouse import PROJECT

PROMISING = ["SECURITY.md", "docs/operations.md"]


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


def test_actions_are_pinned_by_commit():
    for file in (PROJECT / ".github/workflows").glob("*.yml"):
        for used in re.findall(r"uses: (\S+)", file.read_text()):
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used), used


def test_a_jar_that_was_changed_is_replaced(monkeypatch, tmp_path):
    """Also one of a set-up that was whole once, and one that nobody named goes."""
    sha256 = bootstrap.hashlib.sha256(b"jar").hexdigest()
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "a.jar").write_bytes(b"jar")
    (tmp_path / "jars.lock").write_text(f"{sha256}  a.jar\n")
    monkeypatch.setattr(bootstrap, "PROJECT", tmp_path)
    monkeypatch.setattr(bootstrap, "JARS", tmp_path / "jars")
    monkeypatch.setattr(bootstrap, "MAVEN", (tmp_path / "mirror").as_uri())
    bootstrap.fetch_jars()
    (tmp_path / "jars" / "a.jar").write_bytes(b"changed")
    (tmp_path / "jars" / "b.jar").write_bytes(b"another")
    bootstrap.fetch_jars()
    assert [(f.name, f.read_bytes()) for f in (tmp_path / "jars").iterdir()] == [("a.jar", b"jar")]


def test_another_package_than_the_locked_one_is_refused(monkeypatch, tmp_path):
    """The hub gives what it has; packages.lock says what was looked at."""
    dbt = tmp_path / "venv" / "bin" / "dbt"
    dbt.parent.mkdir(parents=True)
    package = tmp_path / "dbt_packages" / "dbt_utils"
    dbt.write_text(
        f"#!/bin/sh\nmkdir -p {package}/macros\necho x > {package}/dbt_project.yml\n"
        f"echo x > {package}/macros/a.sql\n"
    )
    dbt.chmod(0o755)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / "venv")
    monkeypatch.setattr(bootstrap, "PACKAGES", tmp_path / "dbt_packages")
    with pytest.raises(bootstrap.SetupError, match="another dbt_utils than packages.lock names"):
        bootstrap.install_dbt_packages()
    assert not package.exists()
    held = bootstrap.PACKAGES / "held"
    (held / "macros").mkdir(parents=True)
    (held / "dbt_project.yml").write_text("x\n")
    (held / "macros" / "a.sql").write_text("x\n")
    sha256 = bootstrap.sha256_of_package(held)
    monkeypatch.setattr(bootstrap, "locked_lines", lambda _: [f"{sha256}  dbt_utils"])
    bootstrap.install_dbt_packages()
    assert package.exists()
