"""dbt's own manifest: whole after an incremental build, and the same on an unchanged tree."""

import json
import shutil

import pytest
import yaml

from tests.helpers.warehouse import PROJECT, Warehouse

ENGINE = ("--target", "sail")


@pytest.fixture(scope="module")
def parsed(tmp_path_factory) -> Warehouse:
    """Parsed from nothing, kept as the state of main, and once more as in an incremental load."""
    warehouse = Warehouse(tmp_path_factory.mktemp("state"))
    target, state = warehouse.root / "target", warehouse.root / "state"
    ran = warehouse.run("dbt", "parse", *ENGINE, "--no-partial-parse")
    assert ran.returncode == 0, ran.stdout
    state.mkdir()
    shutil.copy(target / "manifest.json", state)
    ran = warehouse.run("dbt", "parse", *ENGINE, SHOPSTREAM_TESTED_LOAD="3")
    assert ran.returncode == 0, ran.stdout
    return warehouse


def test_every_rule_keeps_its_sentence(parsed):
    manifest = json.loads((parsed.root / "target" / "manifest.json").read_text())
    held = {node["name"]: node["description"] for node in manifest["nodes"].values()}
    rules = yaml.safe_load((PROJECT / "tests/rules/_rules.yml").read_text())["data_tests"]
    assert {rule["name"]: held[rule["name"]] for rule in rules} == {
        rule["name"]: rule["description"] for rule in rules
    }


@pytest.mark.parametrize("tested", ["0", "3"])
def test_on_an_unchanged_tree_nothing_is_modified(parsed, tested):
    ran = parsed.run(
        *("dbt", "ls", *ENGINE, "--select", "state:modified+", "--output", "name", "--quiet"),
        *("--state", str(parsed.root / "state")),
        SHOPSTREAM_TESTED_LOAD=tested,
    )
    assert ran.returncode == 0 and not ran.stdout.strip(), ran.stdout
