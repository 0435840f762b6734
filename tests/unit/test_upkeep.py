"""What the project stands on: outdated, licensed, unsafe."""

import sys

import pytest

from shopstream import upkeep
from tests.helpers.warehouse import Warehouse


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="listed for the Python of CI")
def test_the_licences_of_all_dependencies_are_listed():
    assert upkeep.LICENCES.read_text() == upkeep.licences_page(), (
        "run: python -m shopstream.upkeep licences"
    )


@pytest.mark.parametrize("command", ["outdated", "audit"])
def test_without_an_index_they_say_so(tmp_path, command):
    nowhere = "http://127.0.0.1:9"
    proxies = {"HTTPS_PROXY": nowhere, "HTTP_PROXY": nowhere, "https_proxy": nowhere}
    ran = Warehouse(tmp_path).run(
        "python", "-m", "shopstream.upkeep", command, PIP_INDEX_URL=f"{nowhere}/", **proxies
    )
    assert ran.returncode == 2
    assert ran.stdout.startswith("shopstream: the package index can't be asked")


def test_a_scan_that_judged_nothing_is_not_passed_off_as_one(monkeypatch):
    answer = '{"dependencies": [{"name": "a", "skip_reason": "Dependency not found"}]}'
    monkeypatch.setattr(upkeep, "_ask", lambda *_: answer)
    assert upkeep.vulnerabilities() == ([], 0)


def test_a_known_vulnerability_is_named_with_what_mends_it(monkeypatch):
    monkeypatch.setattr(
        upkeep,
        "_ask",
        lambda *_: (
            '{"dependencies": [{"name": "a", "version": "1", "vulns": '
            '[{"id": "CVE-1", "fix_versions": ["1.1"]}]}, {"name": "b", "skip_reason": "unknown"}]}'
        ),
    )
    assert upkeep.vulnerabilities() == (["a 1: CVE-1, mended in 1.1"], 1)
